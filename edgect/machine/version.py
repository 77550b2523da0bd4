"""edgect's version: here alone, from where the package's metadata take it."""

__version__ = "0.2.0"

"""Text of foreign origin, file names above all, as one line that anything can show."""

from __future__ import annotations


def printable(text: str) -> str:
    """One line of text that any terminal takes: control and undecodable characters escaped."""
    if text.isprintable():  # nearly always; there may be millions
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)

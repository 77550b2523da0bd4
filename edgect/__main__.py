"""`python -m edgect` is `edgect`."""

from edgect.cli import main

main()

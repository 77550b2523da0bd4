"""`python -m train`: fit, search, test, evidence, probe, report."""

from __future__ import annotations

import sys

import click

from edgect.errors import EdgectError
from train.commands import main
from train.covid_ct import DataError
from train.run import RunError

if __name__ == "__main__":
    try:
        main()
    except (DataError, RunError, EdgectError, ValueError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)

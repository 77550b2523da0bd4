"""`python -m train`: fit, search, pack, search-all, test, evidence, probe, report, multi-source, finetune."""

from __future__ import annotations

import sys

import click

from edgect.errors import EdgectError
from train.commands import main

if __name__ == "__main__":
    try:
        main()
    except EdgectError as error:  # any other is a bug, or the disk's: its traceback says where
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)

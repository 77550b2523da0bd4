"""A command of train or deploy in this process, which has loaded already what takes seconds to load."""

from __future__ import annotations

from subprocess import CompletedProcess

import click
from click.testing import CliRunner

from edgect.errors import EdgectError


def run(main: click.Command, *words: object) -> CompletedProcess[str]:
    """As `python -m`, whose last lines tell of errors in the same way."""
    line = list(map(str, words))
    done = CliRunner().invoke(main, line)
    code, said = done.exit_code, done.stderr
    if isinstance(done.exception, EdgectError):
        code, said = done.exception.exit_code, f"{said}Error: {done.exception}\n"
    elif done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return CompletedProcess(line, code, done.stdout, said)

"""The command line: `edgect classify PATH…`. Imports nothing heavy, so that `--version` is instant."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from threading import current_thread, main_thread
from typing import Any

import click

from edgect.cli import ending, streams
from edgect.cli.ending import Terminated, terminated_as_interrupted
from edgect.errors import EdgectError

COMMANDS = {
    "classify": "edgect.cli.classify",
    "evaluate": "edgect.cli.evaluate",
    "inspect": "edgect.cli.inspect",
    "calibrate": "edgect.cli.calibrate",
    "compare": "edgect.cli.compare",
    "listen": "edgect.cli.listen",
    "benchmark": "edgect.cli.benchmark",
    "doctor": "edgect.cli.doctor",
    "serve": "edgect.cli.serve",
    "audit": "edgect.cli.audit",
    "monitor": "edgect.cli.monitor",
    "bundle": "edgect.cli.bundle",
}
INTERRUPTED, TERMINATED = 130, 143  # 128 and the signal's number, as a shell says it
VERSION = "Show the version and exit."


class _Stop(click.ClickException):
    """One clear line on stderr and the exit code that belongs to it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.__dict__["exit_code"] = exit_code  # click declares it for the class


class _Commands(click.Group):
    """Loads a sub-command when it is called for, and turns edgect's errors into exit codes."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """As a program, to which the process belongs: its standard streams, and its end."""
        streams.prepare()
        if current_thread() is main_thread():
            ending.watch()
        return self.main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        # read when numpy loads; its threads would find nothing to do here, and wait for it at full speed
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # the engine's converter, which it would load with itself, and does without: a tenth of a start
        sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
        try:
            with terminated_as_interrupted():
                return super().invoke(ctx)
        except click.UsageError as error:  # one line instead of click's three
            hint = error.ctx.command_path if error.ctx else "edgect"
            raise _Stop(f"{error.format_message()} (see {hint} --help)", error.exit_code) from error
        except EdgectError as error:
            raise _Stop(str(error), error.exit_code) from error
        except Terminated:
            raise _Stop("terminated", TERMINATED) from None
        except KeyboardInterrupt:
            raise _Stop("interrupted", INTERRUPTED) from None


def _show_version(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        from edgect.machine.version import __version__

        click.echo(f"edgect, version {__version__}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help=VERSION
)
def main() -> None:
    """COVID-19 on CT slices of the chest, on small CPUs. For research use only."""

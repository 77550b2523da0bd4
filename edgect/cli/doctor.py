"""`edgect doctor`: whether this machine is fit, as a table or as JSON."""

from __future__ import annotations

import sys

import click

from edgect.cli.streams import on_terminal
from edgect.model.registry import BACKENDS, DEFAULT_WORDS

UNFIT = 3


@click.command("doctor")
@click.option(
    "--model",
    "models",
    metavar="DIR",
    multiple=True,
    help="A bundle folder to examine beside the bundled models; may be given again.",
)
@click.option(
    "--trusted-keys",
    type=click.Path(exists=True),
    envvar="EDGECT_TRUSTED_KEYS",
    metavar="PATH",
    help="A public key, or a folder of such (*.pub), that bundles are signed by; or EDGECT_TRUSTED_KEYS.",
)
@click.option(
    "--backend",
    "backends",
    type=click.Choice(BACKENDS),
    multiple=True,
    help="An engine that this machine must have; may be given again. Others are examined if they are "
    f"installed.  [default: {DEFAULT_WORDS}]",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
def command(
    models: tuple[str, ...], trusted_keys: str | None, backends: tuple[str, ...], as_json: bool
) -> None:
    """Examine whether this machine is fit for edgect, without any network.

    \b
    machine         what the processor can do for INT8, cores, memory
    bundles         released, signed, of an unknown key, unsigned or altered; every file's SHA-256
    pre-processing  the slice that travels in a bundle, against the input that it has to become
    engines         which are installed, load and answer
    self-test       their answers to that slice, in both precisions, against those in the bundle
    pictures        a small one of every format, written and read
    DICOM           which transfer syntaxes can be read, by which package
    extras, cache   what edgect does without, if it must

    Each finding is ok, a note (edgect works, with what the note tells) or a FAULT (it does not), and says
    what to do. The JSON is one object; its names (schema 1) are explained in
    edgect/diagnostics/doctor/report.py. Exit codes: 0 fit, 2 usage, 3 unfit: the engine that it must have
    does not work, a bundle is damaged, pictures are not read or the self-test differs.
    """
    from edgect.diagnostics.doctor.examination import examine_machine
    from edgect.diagnostics.doctor.table import table

    report = examine_machine(models, _say, trusted_keys, backends)
    click.echo(report.to_json() if as_json else table(report), nl=False)
    if not report.fit:
        sys.exit(UNFIT)


def _say(part: str) -> None:
    """Progress on stderr, silent where that is no terminal."""
    if on_terminal(sys.stderr):
        click.echo(f"examining: {part}", err=True)

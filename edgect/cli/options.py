"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgect.errors import UsageError
from edgect.model.backends import AUTO, BACKENDS, DEFAULT_BACKEND, PRECISIONS
from edgect.model.bundles.bundle import DEFAULT
from edgect.model.bundles.signature import VARIABLE
from edgect.model.decision.labels import DEFAULT_POINT
from edgect.model.registry import DEFAULT_WORDS
from edgect.scans.options import Limits

Command = TypeVar("Command", bound=Callable[..., Any])


def _only(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> str:
    """Of an option that click would silently take the last of."""
    if len(values) > 1:
        raise UsageError(
            f"--model is given {len(values)} times, but this command takes one model; "
            "`edgect compare` puts two side by side"
        )
    return values[0]


model = click.option(
    "--model",
    default=(DEFAULT,),
    show_default=True,
    multiple=True,
    callback=_only,
    metavar="NAME|DIR",
    help="A bundled model, or a bundle folder.",
)
threads = click.option("--threads", type=click.IntRange(min=1), help="Cores to use.  [default: all]")

threshold = click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Probability from which on the label is COVID-19, in place of an operating point.",
)
operating_point = click.option(
    "--operating-point",
    metavar="NAME",
    help=f"The model's threshold to label by, such as `screening`.  [default: {DEFAULT_POINT}]",
)

error_rate = click.option(
    "--error-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Label `indeterminate` what cannot be told with at most RATE errors of either class.",
)


def engine(command: Command) -> Command:
    """--backend and --precision."""
    precision = click.option("--precision", type=click.Choice(PRECISIONS), default="int8", show_default=True)
    backend = click.option(
        "--backend",
        type=click.Choice((*BACKENDS, AUTO)),
        default=DEFAULT_BACKEND,
        help="`auto` takes the engine that is faster here: measured in a second at first, and kept. "
        f"The engine that is not the default is an extra.  [default: {DEFAULT_WORDS}]",
    )
    return backend(precision(command))


audit = click.option(
    "--audit",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Append a hash-chained line for each answer to the audit trail in DIR, before it is given.",
)


def trust(command: Command) -> Command:
    """--trusted-keys and --require-signature."""
    require = click.option(
        "--require-signature",
        is_flag=True,
        help="Refuse a bundle that is neither released with edgect nor signed by a trusted key.",
    )
    return trusted_keys(require(command))


trusted_keys = click.option(
    "--trusted-keys",
    type=click.Path(exists=True),
    envvar=VARIABLE,
    metavar="PATH",
    help=f"A public key, or a folder of such (*.pub), that bundles are signed by; or {VARIABLE}.",
)


def cluster(command: Command) -> Command:
    """--scheduler and --workers."""
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Processes of `--scheduler local`, of --threads threads each.  [default: one for each core]",
    )
    scheduler = click.option(
        "--scheduler",
        metavar="URL|local",
        help="Have the files answered by the workers of a Dask scheduler, tcp://HOST:PORT or tls://HOST:PORT.",
    )
    return scheduler(workers(command))


def limits(command: Command) -> Command:
    """--max-bytes, --max-pixels and --max-frames, for `edgect.scans.Limits`."""
    default = Limits()
    for name, help_ in (
        ("frames", "Frames of one file, at most."),
        ("pixels", "Pixels of one frame, at most."),
        ("bytes", "Bytes of one file, at most."),
    ):
        command = click.option(
            f"--max-{name}",
            type=click.IntRange(min=1),
            default=getattr(default, name),
            show_default=True,
            help=help_,
        )(command)
    return command

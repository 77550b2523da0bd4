"""`edgect audit`: whether a trail is as it was written, and whether its scans get the same answers again."""

from __future__ import annotations

import re

import click

from edgect.cli import options
from edgect.cli.messages import Progress
from edgect.errors import UsageError
from edgect.rows.formats import printable
from edgect.scans.options import Limits


@click.group("audit")
def command() -> None:
    """Examine the trail that --audit of classify, serve and listen writes: docs/audit.md.

    TRAIL is its folder, or files of it, of a day each.
    """


@command.command("verify")
@click.argument("trail", metavar="TRAIL...", nargs=-1, required=True)
@click.option(
    "--head", default="", metavar="HASH", help="Of a line that must be there, as an earlier run named it."
)
def verify_command(trail: tuple[str, ...], head: str) -> None:
    """Check the hash of every line, and that each follows the line before, from file to file.

    A line that was changed, removed or added is named. It does not show where lines are missing at the
    end, or all were made anew from some line on, unless --head gives the hash of the last line, kept
    elsewhere. Exit codes: 0 as it was written, 1 not so, 2 usage.
    """
    from edgect.audit.files import trail_files
    from edgect.audit.text import verification_text
    from edgect.audit.verification import verify

    if head and not re.fullmatch("[0-9a-f]{64}", head):
        raise UsageError(f"--head {head}: a hash has 64 hexadecimal digits")
    found = verify(trail_files(trail), head)
    for line in verification_text(found):
        click.echo(printable(line))
    if not found.good:
        click.get_current_context().exit(1)


@command.command("replay")
@click.argument("trail", type=click.Path(exists=True))
@click.argument("scans", metavar="SCANS...", nargs=-1, required=True)
@click.option("--model", multiple=True, metavar="DIR", help="A bundle folder that answered; may be repeated.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="By which a probability may differ.",
)
@options.threads
@options.limits
def replay_command(
    trail: str,
    scans: tuple[str, ...],
    model: tuple[str, ...],
    tolerance: float,
    threads: int | None,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
) -> None:
    """Classify SCANS again as TRAIL says that they were, and list answers that differ.

    SCANS are files and folders. They are known by their content, or else by their SOP Instance UID, for
    which the salt must be the same (EDGECT_SALT, or the file in the user's state folder). Bundle, engine,
    precision and threshold are those of each line. Exit codes: 0 the same answers, 1 others, or an
    altered trail, 2 usage, or nothing that could be replayed, 3 model or engine unusable.
    """
    from edgect.audit.files import trail_files
    from edgect.audit.replay import replay
    from edgect.audit.text import replay_text
    from edgect.batch.classify_files import one_opencv_thread

    with one_opencv_thread(), Progress(label="replaying") as progress:
        done = replay(
            trail_files([trail]),
            scans,
            models=model,
            threads=threads,
            limits=Limits(max_bytes, max_pixels, max_frames),
            tolerance=tolerance,
            progress=progress,
        )
    for line in replay_text(done):
        click.echo(printable(line))
    if not done.replayed:
        raise UsageError(f"{trail}: none of its answers could be replayed on these scans")
    if done.differing:
        click.get_current_context().exit(1)

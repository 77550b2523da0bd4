"""`edgect serve`: the kiosk page, and answers over HTTP."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import click

from edgect.cli import ending, options
from edgect.cli.messages import warn_of_unstable_names
from edgect.errors import UsageError
from edgect.machine.installation import needing
from edgect.rows import NOTICE
from edgect.scans.options import Limits

VARIABLE = "EDGECT_TOKEN"
_MIB = 2**20


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another than loopback needs a token.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=f"File with the token that requests must bear; or {VARIABLE}.",
)
@click.option("--max-files", type=click.IntRange(1), default=64, show_default=True, help="Of one request.")
@click.option(
    "--max-request", type=click.IntRange(1), default=256, show_default=True, metavar="MIB", help="Its size."
)
@click.option(
    "--max-held",
    type=click.IntRange(1),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Size of all in hand.",
)
@click.option(
    "--max-requests",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="In hand at once; more get 503.",
)
@click.option("--max-connections", type=click.IntRange(1), default=64, show_default=True)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="Seconds for a request to come in, and again to be answered.",
)
@click.option(
    "--stall",
    type=click.FloatRange(0, min_open=True),
    default=10,
    show_default=True,
    help="Seconds without a byte after which a client is cut off.",
)
@click.option(
    "--idle-minutes",
    type=click.FloatRange(0),
    default=5,
    show_default=True,
    help="After which the page forgets the patient; 0 for never.",
)
@click.option(
    "--show-patient",
    is_flag=True,
    help="Show name and birth date of DICOM headers on the page and in print, and nowhere else.",
)
@click.option(
    "--contact",
    default="",
    metavar="TEXT",
    help="Whom the page says to ask for the token or for help, such as 'Radiology IT, phone 4711'.",
)
@options.engine
@options.model
@options.trust
@options.threads
@options.threshold
@options.operating_point
@options.error_rate
@options.limits
@options.audit
def command(
    host: str,
    port: int,
    token_file: Path | None,
    max_files: int,
    max_request: int,
    max_held: int,
    max_requests: int,
    max_connections: int,
    timeout: float,
    stall: float,
    idle_minutes: float,
    show_patient: bool,
    contact: str,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    audit: Path | None,
    **model: Any,
) -> None:
    """Serve the kiosk page and an HTTP interface on this machine. For research use only.

    Nothing that is sent is written to a disk or kept once it is answered; the lines of --audit hold no
    identifier. SIGTERM or Ctrl-C finishes
    what is in hand, and ends with exit code 0; a second one does not wait.
    """
    with needing("serve", "serving"):
        from edgect.audit.trail import Trail
        from edgect.services.serve.app import application
        from edgect.services.serve.config import ServerConfig
        from edgect.services.serve.endpoints import Endpoints
        from edgect.services.serve.server import listen, run, url

    settings = ServerConfig(
        host=host,
        port=port,
        token=_token(token_file),
        max_files=max_files,
        max_request_bytes=max_request * _MIB,
        max_held_bytes=max(max_held, max_request) * _MIB,
        max_requests=max_requests,
        max_connections=max_connections,
        timeout=timeout,
        stall_timeout=stall,
        idle_seconds=60 * idle_minutes,
        show_patient=show_patient,
        contact=contact.strip(),
    )
    limits = Limits(max_bytes, max_pixels, max_frames)
    trail = nullcontext() if audit is None else Trail(audit, "serve")
    with trail as opened_trail, listen(settings) as listening:
        import cv2

        from edgect.pipeline import Pipeline
        from edgect.services.current_model import CurrentModel

        cv2.setNumThreads(1)  # a file has its thread already
        log = logging.getLogger("edgect.services.serve")
        current = CurrentModel(partial(Pipeline, **model, many=True, limits=limits), model["model"], log)
        classifier = current.pipeline
        assert classifier.identifiers.kind  # looks for the salt now rather than when the first series comes
        warn_of_unstable_names(classifier.identifiers.salt_warning)
        endpoints = Endpoints(current, limits, settings, opened_trail)
        _log_to_stderr()
        engine = classifier.engine
        model_and_engine = (
            f"{classifier.bundle.name} ({classifier.bundle.identity}) "
            f"by {engine.backend} {engine.version}, {engine.precision}"
        )
        ending.allow(settings.stop_timeout)
        stop = Event()
        current.follow(stop)
        try:
            run(
                application(endpoints, settings),
                endpoints,
                settings,
                listening,
                lambda: click.echo(f"serving {model_and_engine} at {url(listening)}\n{NOTICE}", err=True),
            )
        finally:
            stop.set()
            endpoints.close()


def _token(file: Path | None) -> str:
    if file is None:
        return os.environ.get(VARIABLE, "")
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--token-file {file}: cannot be read ({error})") from error
    if not token:
        raise UsageError(f"--token-file {file}: is empty")
    return token


def _log_to_stderr() -> None:
    """Our lines, and of uvicorn what went wrong: its own lines of access would hold what clients sent."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(_without_traceback)
    levels = {"edgect.services.serve": logging.INFO, "uvicorn.error": logging.ERROR, "asyncio": logging.ERROR}
    for name, level in levels.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def _without_traceback(record: logging.LogRecord) -> bool:
    """The text of an exception may hold anything that a client sent."""
    record.exc_info = record.exc_text = None
    return True

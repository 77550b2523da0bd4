"""`edgect listen`: a DICOM node that answers on series with structured reports."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import click

from edgect.cli import ending, listen_tls, options
from edgect.machine.installation import needing
from edgect.rows import NOTICE
from edgect.scans.options import Limits
from edgect.services.listen.results.options import HIGHEST, KINDS, ResultOptions

_MIB = 2**20


@click.command("listen")
@click.option("--ae-title", default="EDGECT", show_default=True, help="That callers must call.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another than loopback needs --calling.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=11112, show_default=True, help="0 takes a free one."
)
@click.option(
    "--calling", multiple=True, metavar="TITLE", help="Who may call; more than once.  [default: anybody]"
)
@click.option(
    "--spool",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Keeps images until they are answered on, and results until they are delivered.",
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), help="Write results to this folder."
)
@click.option(
    "--send-to",
    metavar="TITLE@HOST:PORT",
    help="Send results to this node, until it takes them; by TLS if it is another machine.",
)
@click.option(
    "--result",
    "kinds",
    multiple=True,
    type=click.Choice(list(KINDS)),
    help="What to make of a series; more than once. sr: a Comprehensive SR. sr3d: a Comprehensive 3D SR in "
    "its place. And of the slices with the highest probability, sc: pictures with heat maps (Secondary "
    "Capture). pmap: the heat maps' values (Parametric Map). ko: a Key Object Selection.  [default: sr]",
)
@click.option("--secondary-capture", "capture", is_flag=True, help="The same as --result sc.")
@click.option(
    "--highest",
    type=click.IntRange(1, 20),
    default=HIGHEST,
    show_default=True,
    help="Slices of a series that are shown, at most.",
)
@click.option("--every-slice", is_flag=True, help="Name every slice in reports, not the highest alone.")
@click.option(
    "--quiet",
    type=click.FloatRange(0),
    default=10,
    show_default=True,
    help="Seconds without a new image after which a series is answered on.",
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File (TOML) that says which images are classified; docs/rules.md has an example.  [default: all]",
)
@click.option("--keep", is_flag=True, help="Keep images that were answered on, in the spool.")
@click.option(
    "--remember",
    type=click.FloatRange(0),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="For which late images get a report on the whole series, not on themselves alone.",
)
@click.option(
    "--max-images", type=click.IntRange(1), default=20_000, show_default=True, help="That wait at once."
)
@click.option(
    "--max-spool",
    type=click.IntRange(1),
    default=20_480,
    show_default=True,
    metavar="MIB",
    help="Of images that wait.",
)
@click.option(
    "--min-free",
    type=click.IntRange(0),
    default=1024,
    show_default=True,
    metavar="MIB",
    help="Of the disk, to stay free.",
)
@click.option(
    "--max-associations",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="More are refused.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    help="Seconds for which another node may say nothing.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=10,
    show_default=True,
    help="Seconds that callers have to finish once edgect is told to stop.",
)
@listen_tls.options
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Give /metrics (Prometheus) and /healthz by HTTP here; 0 takes a free one.  [default: nowhere]",
)
@click.option(
    "--metrics-host",
    default="127.0.0.1",
    show_default=True,
    help="Where they can be reached; they hold nothing of a patient, and ask for no password.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0),
    default=15,
    show_default=True,
    metavar="MINUTES",
    help="For which a destination may take no result before /healthz gives 503.",
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
    ae_title: str,
    host: str,
    port: int,
    calling: tuple[str, ...],
    spool: Path,
    out: Path | None,
    send_to: str | None,
    kinds: tuple[str, ...],
    capture: bool,
    highest: int,
    every_slice: bool,
    quiet: float,
    rules: Path | None,
    keep: bool,
    remember: float,
    max_images: int,
    max_spool: int,
    min_free: int,
    max_associations: int,
    timeout: float,
    grace: float,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_ca: Path | None,
    send_in_clear: bool,
    receive_in_clear: bool,
    metrics_port: int | None,
    metrics_host: str,
    patience: float,
    max_bytes: int,
    max_pixels: int,
    max_frames: int,
    audit: Path | None,
    **model: Any,
) -> None:
    """Take CT images by DICOM, and give a structured report on every series. For research use only.

    An image is acknowledged once it is safely in --spool, and deleted from there once its result is. A
    process that is killed goes on where it was. SIGTERM or Ctrl-C ends with exit code 0.

    AE titles are no authentication: whoever reaches the port can claim any. Beyond this machine use
    --tls-cert, --tls-key and --tls-ca, or a network that only the right machines are on. The same three
    secure --send-to, whose host name must stand in that node's certificate.
    """
    with needing("dicom", "listening"):
        from edgect.audit.trail import Trail
        from edgect.services.listen.config import NodeConfig, RemoteNode, check_ae_title
        from edgect.services.listen.network.tls import TLSFiles
        from edgect.services.listen.selection.rules import load as load_rules
        from edgect.services.listen.service import quieten, run
        from edgect.services.listen.storage.spool import Spool

    tls = TLSFiles(tls_cert, tls_key, tls_ca)
    listen_tls.check(tls, send_to, send_in_clear, receive_in_clear)
    secured = send_to is not None and tls.any and not send_in_clear
    settings = NodeConfig(
        title=check_ae_title(ae_title),
        host=host,
        port=port,
        spool=spool,
        calling_titles=tuple(map(check_ae_title, calling)),
        quiet_seconds=quiet,
        out=out,
        send_to=None if send_to is None else RemoteNode.parse(send_to),
        secured=secured,
        in_clear=send_in_clear,
        results=ResultOptions.of([*kinds, *(["sc"] if capture else [])], every_slice, highest),
        keep_images=keep,
        max_images=max_images,
        max_bytes=max_spool * _MIB,
        min_free=min_free * _MIB,
        max_image_bytes=max_bytes,
        max_associations=max_associations,
        timeout=timeout,
        grace=grace,
        remember_seconds=3600 * remember,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
        patience=60 * patience,
    )
    selection = None if rules is None else load_rules(rules)
    receiving = tls.server() if tls_cert is not None and not receive_in_clear else None
    sending = tls.client() if secured else None
    quieten()
    taken = Spool(settings)
    trail: Trail | None = None
    try:
        trail = None if audit is None else Trail(audit, "listen")
        import cv2

        from edgect.pipeline import Pipeline
        from edgect.services.current_model import CurrentModel

        cv2.setNumThreads(1)  # a file has its thread already
        limits = Limits(max_bytes, max_pixels, max_frames)
        load = partial(Pipeline, **model, many=True, limits=limits, include_identifiers=True)
        current = CurrentModel(load, model["model"], logging.getLogger("edgect.services.listen"))
        classifier = current.pipeline
        engine = classifier.engine
        model_and_engine = (
            f"{classifier.bundle.name} ({classifier.bundle.identity}) "
            f"by {engine.backend} {engine.version}, {engine.precision}"
        )
        ending.allow(settings.grace + settings.timeout)
        run(
            settings,
            taken,
            current,
            receiving,
            sending,
            lambda port: click.echo(
                f"{settings.title} listens on {host}:{port}, {model_and_engine}\n{NOTICE}", err=True
            ),
            trail,
            selection,
        )
    finally:
        if trail is not None:
            trail.close()
        taken.close()

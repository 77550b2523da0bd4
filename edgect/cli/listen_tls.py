"""The options of `edgect listen` by which it speaks TLS, with callers and with the node of --send-to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgect.cli.options import Command
from edgect.errors import UsageError

if TYPE_CHECKING:
    from edgect.services.listen.network.tls import TLSFiles


def options(command: Command) -> Command:
    """--tls-cert, --tls-key, --tls-ca, --send-in-clear and --receive-in-clear."""
    decorators = (
        click.option(
            "--tls-cert",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Certificate (PEM) for callers and for --send-to: TLS only, both ways.",
        ),
        click.option(
            "--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="Its key, not encrypted."
        ),
        click.option(
            "--tls-ca",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Callers must have a certificate signed by one of these, and so must the node of "
            "--send-to.  [default: none of callers; there, one that this system trusts]",
        ),
        click.option(
            "--send-in-clear",
            is_flag=True,
            help="No TLS to the node of --send-to, whoever may read on the way.",
        ),
        click.option(
            "--receive-in-clear",
            is_flag=True,
            help="TLS for --send-to alone, as scanners without TLS need it.",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def check(tls: TLSFiles, send_to: str | None, send_in_clear: bool, receive_in_clear: bool) -> None:
    """Raises UsageError for options that do not go together."""
    alone = tls.certificate is None and not receive_in_clear
    if (tls.certificate is None) != (tls.key is None) or (tls.authorities is not None and alone):
        raise UsageError("--tls-cert and --tls-key go together, and --tls-ca with them")
    if send_in_clear and send_to is None:
        raise UsageError("--send-in-clear goes with --send-to")
    if receive_in_clear and (send_to is None or send_in_clear or not tls.any):
        raise UsageError("--receive-in-clear goes with --tls-ca or --tls-cert, and with --send-to by TLS")

"""DICOM over TLS (DICOM PS3.15, annex B): for callers, and for the node that results are sent to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.services.listen.network.association_server import DeferredHandshakeContext


@dataclass(frozen=True)
class TLSFiles:
    """PEM. certificate, key: of this node. authorities: who must have signed the other side's certificate."""

    certificate: Path | None
    key: Path | None
    authorities: Path | None

    @property
    def any(self) -> bool:
        return any((self.certificate, self.key, self.authorities))

    def server(self) -> ssl.SSLContext:
        """For callers, of whom no certificate is wanted where there are no authorities. Raises UsageError."""
        context = DeferredHandshakeContext(ssl.PROTOCOL_TLS_SERVER)
        with self._named():
            self._load(context)
            if self.authorities is not None:
                context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> ClientContext:
        """To call a node: its certificate must be valid, signed, and for the host that is called.

        The system's authorities hold where there are no others. Raises UsageError.
        """
        context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
        with self._named():
            self._load(context)
            if self.authorities is None:
                context.load_default_certs()
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key, password=_password)
        if self.authorities is not None:
            context.load_verify_locations(self.authorities)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ssl.SSLError) as error:
            named = " ".join(str(path) for path in (self.certificate, self.key, self.authorities) if path)
            raise UsageError(f"TLS cannot be set up of {named} ({error.strerror or error})") from error


def _password() -> bytes:
    """For a key that is encrypted, instead of waiting for somebody to type it where nobody may be."""
    raise OSError(None, "the key is encrypted: store it without a password")


class _Socket(ssl.SSLSocket):
    """Keeps why TLS failed, of which pynetdicom tells its log alone."""

    def connect(self, *arguments: Any) -> None:
        with self._kept():
            super().connect(*arguments)

    def recv(self, *arguments: Any) -> bytes:
        with self._kept():
            return super().recv(*arguments)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLError as error:
            assert isinstance(self.context, ClientContext)
            self.context.failure = getattr(error, "verify_message", "") or error.reason or str(error)
            raise


class ClientContext(ssl.SSLContext):
    """For clients. failure: why TLS failed last, or empty."""

    failure = ""
    sslsocket_class = _Socket

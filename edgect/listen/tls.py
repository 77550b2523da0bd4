"""DICOM over TLS (DICOM PS3.15, annex B)."""

from __future__ import annotations

import ssl
from pathlib import Path

from edgect.errors import UsageError
from edgect.listen.server import HandshakeLater


def server_context(certificate: Path, key: Path, authorities: Path | None) -> ssl.SSLContext:
    """authorities: who must have signed a caller's certificate; None asks for none. Raises UsageError."""
    context = HandshakeLater(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if authorities is not None:
            context.load_verify_locations(authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        named = " ".join(str(path) for path in (certificate, key, authorities) if path is not None)
        raise UsageError(f"TLS cannot be set up of {named} ({error.strerror or error})") from error
    return context

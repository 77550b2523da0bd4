"""The network side: who may call, what is taken, and what is said to it (DICOM PS3.4, annexes A and B)."""

from __future__ import annotations

import io
import logging
import ssl
import time
from collections import Counter
from threading import Lock, Thread
from typing import Any, cast

from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    EnhancedCTImageStorage,
    Verification,
)

from edgect.errors import UsageError
from edgect.scans.dicom.codecs import PACKAGES, package_for
from edgect.services.listen.config import Settings
from edgect.services.listen.network.association_server import Server, bound
from edgect.services.listen.results.image_headers import HeaderError, belongs, names
from edgect.services.listen.storage.spool import FullError, Spool

LOG = logging.getLogger("edgect.services.listen")
CLASSES = (CTImageStorage, EnhancedCTImageStorage)
SUCCESS, NO_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xA900, 0xC000
_OVERHEAD = 2**20  # bytes of commands and of headers of PDUs


class Listener:
    """Takes images until it is closed. Its log says how many, never whose.

    Raises UsageError where the address cannot be listened on.
    """

    def __init__(self, settings: Settings, spool: Spool, tls: ssl.SSLContext | None = None) -> None:
        self._settings, self._spool = settings, spool
        self._received = Counter[int]()  # bytes of the message under way, by association
        self._counting = Lock()
        entity = AE(ae_title=settings.title)
        entity.require_called_aet = True
        entity.require_calling_aet = list(settings.calling)
        entity.maximum_associations = settings.associations
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.timeout
        entity.add_supported_context(Verification)
        for sop_class in CLASSES:
            entity.add_supported_context(sop_class, syntaxes())
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, bound),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_DATA_RECV, self._count),
            (evt.EVT_DIMSE_RECV, self._whole),
            (evt.EVT_CONN_CLOSE, self._whole),
            (evt.EVT_REJECTED, lambda _: LOG.warning("a caller was turned away")),
        ]
        try:
            address = (settings.host, settings.port)
            made = entity.make_server(address, ssl_context=tls, evt_handlers=handlers, server_class=Server)
        except OSError as error:
            where = f"--host {settings.host} --port {settings.port}"
            raise UsageError(f"{where}: cannot be listened on ({error.strerror or error})") from error
        self._server = cast(Server, made)
        self._thread = Thread(target=self._server.serve_forever, name="edgect-node", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        """No more calls. Those under way may go on for a while, and are then cut off."""
        self._server.close()
        self._thread.join()
        end = time.monotonic() + self._settings.grace
        while self._server.active_associations and time.monotonic() < end:
            time.sleep(0.05)
        left = self._server.active_associations
        for association in left:
            association.abort()
        if left:
            LOG.warning("%d callers were cut off, for edgect ends", len(left))

    def _store(self, event: evt.Event) -> int:
        request: Any = event.request
        try:
            content = event.encoded_dataset()
            found = names(io.BytesIO(content))
            together, instance = belongs(found), str(found.SOPInstanceUID)
        except HeaderError as error:
            LOG.warning("an image was refused that cannot be filed: %s", error)
            return CANNOT_UNDERSTAND
        except Exception as error:  # parsers raise whatever they meet
            LOG.warning("an image was refused that cannot be read (%s)", type(error).__name__)
            return CANNOT_UNDERSTAND
        said = (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID)
        if said != (found.SOPClassUID, found.SOPInstanceUID):
            LOG.warning("an image was refused that is not what its command says")
            return MISMATCH
        try:
            self._spool.put(content, together, instance)
        except FullError as error:
            LOG.warning("an image was refused: %s", error)
            return NO_RESOURCES
        except OSError as error:
            LOG.error("an image was refused: it cannot be kept (%s)", error.strerror or type(error).__name__)
            return NO_RESOURCES
        return SUCCESS

    def _count(self, event: evt.Event) -> None:
        """Of all callers together no more than two images are in memory that are over the half of a limit."""
        length = self._settings.length
        with self._counting:
            self._received[id(event.assoc)] += len(event.data)
            own = self._received[id(event.assoc)]
            over = own > length + _OVERHEAD or (
                own > _OVERHEAD and self._received.total() > 2 * (length + _OVERHEAD)
            )
        if over:
            LOG.warning("an image was cut off: over %d bytes, or too many large ones at once", length)
            event.assoc.abort()

    def _whole(self, event: evt.Event) -> None:
        with self._counting:
            self._received.pop(id(event.assoc), None)


def syntaxes() -> list[str]:
    """The transfer syntaxes that there is a decoder for.

    Not the deflated one: it may hold a thousand times what was sent, and who sends it can send another.
    """
    return [
        str(syntax)
        for syntax in PACKAGES
        if syntax != DeflatedExplicitVRLittleEndian and package_for(syntax) is not None
    ]

"""The storage SCP: who may call, what is accepted, and with what status (DICOM PS3.4, annexes A and B)."""

from __future__ import annotations

import io
import logging
import ssl
import time
from collections import Counter
from threading import Lock, Thread
from typing import Any, cast

from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom import build_context, evt
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    EnhancedCTImageStorage,
    Verification,
)

from edgect.errors import UsageError
from edgect.scans.dicom.codecs import PACKAGES, package_for
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.metrics import STORED, NodeMetrics
from edgect.services.listen.network.association_server import AssociationServer, limit_pdus
from edgect.services.listen.network.callers import Callers, caller
from edgect.services.listen.network.implementation import application_entity
from edgect.services.listen.results.image_headers import HeaderError, grouping_key, read_identifiers
from edgect.services.listen.storage.spool import Spool, SpoolFullError

LOG = logging.getLogger("edgect.services.listen")
CLASSES = (CTImageStorage, EnhancedCTImageStorage)
SUCCESS, NO_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xA900, 0xC000
OUTCOMES = {  # of C-STORE, in metrics
    SUCCESS: STORED,
    NO_RESOURCES: "no room",
    MISMATCH: "not as declared",
    CANNOT_UNDERSTAND: "not understood",
}
TOO_LARGE = "cut off"
_OVERHEAD = 2**20  # bytes of commands and of PDU headers


class StorageSCP:
    """Accepts images until it is closed. Its log names callers, never patients.

    Raises UsageError where it cannot listen on the address.
    """

    def __init__(
        self,
        config: NodeConfig,
        spool: Spool,
        tls: ssl.SSLContext | None = None,
        metrics: NodeMetrics | None = None,
    ) -> None:
        self._config, self._spool, self._metrics = config, spool, metrics or NodeMetrics()
        callers = Callers(config.title, config.calling_titles, self._metrics)
        self._received = Counter[int]()  # bytes of the current message, by association
        self._received_lock = Lock()
        entity = application_entity(config.title, config.timeout)
        entity.require_called_aet = True
        entity.require_calling_aet = list(config.calling_titles)
        entity.maximum_associations = config.max_associations
        entity.supported_contexts = supported_contexts()
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, limit_pdus),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_DATA_RECV, self._limit_received),
            (evt.EVT_DIMSE_RECV, self._forget_received),
            (evt.EVT_CONN_CLOSE, self._forget_received),
            *callers.handlers(),
        ]
        try:
            address = (config.host, config.port)
            server = entity.make_server(
                address, ssl_context=tls, evt_handlers=handlers, server_class=AssociationServer
            )
        except OSError as error:
            where = f"--host {config.host} --port {config.port}"
            raise UsageError(f"{where}: cannot listen on this address ({error.strerror or error})") from error
        self._server = cast(AssociationServer, server)
        self._server.on_refused = callers.refuse_connection
        self.thread = Thread(target=self._server.serve_forever, name="edgect-node", daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Accept no more associations. Those there are may go on for a while, and are then aborted."""
        self._server.close()
        self.thread.join()
        end = time.monotonic() + self._config.grace
        while self._server.active_associations and time.monotonic() < end:
            time.sleep(0.05)
        remaining = self._server.active_associations
        for association in remaining:
            association.abort()
        if remaining:
            LOG.warning("%d associations were aborted, since edgect ends", len(remaining))

    def _store(self, event: evt.Event) -> int:
        status = self._status(event, caller(event.assoc))
        self._metrics.image(OUTCOMES[status])
        return status

    def _status(self, event: evt.Event, sender: str) -> int:
        request: Any = event.request
        try:
            content = event.encoded_dataset()
            header = read_identifiers(io.BytesIO(content))
            series, instance = grouping_key(header), str(header.SOPInstanceUID)
        except HeaderError as error:
            LOG.warning("an image of %s was refused, since it cannot be filed: %s", sender, error)
            return CANNOT_UNDERSTAND
        except Exception as error:  # parsers raise whatever they meet
            kind = type(error).__name__
            LOG.warning("an image of %s was refused, since it cannot be read (%s)", sender, kind)
            return CANNOT_UNDERSTAND
        declared = (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID)
        if declared != (header.SOPClassUID, header.SOPInstanceUID):
            LOG.warning("an image of %s was refused, since it is not what its command says", sender)
            return MISMATCH
        try:
            self._spool.put(content, series, instance, str(header.StudyInstanceUID))
        except SpoolFullError as error:
            LOG.warning("an image of %s was refused: %s", sender, error)
            return NO_RESOURCES
        except OSError as error:
            reason = error.strerror or type(error).__name__
            LOG.error("an image of %s was refused, since it cannot be stored (%s)", sender, reason)
            return NO_RESOURCES
        return SUCCESS

    def _limit_received(self, event: evt.Event) -> None:
        """Handles EVT_DATA_RECV: abort an image over the limit, and large ones beyond two at a time."""
        max_bytes = self._config.max_image_bytes
        with self._received_lock:
            self._received[id(event.assoc)] += len(event.data)
            own_bytes = self._received[id(event.assoc)]
            is_over = own_bytes > max_bytes + _OVERHEAD or (
                own_bytes > _OVERHEAD and self._received.total() > 2 * (max_bytes + _OVERHEAD)
            )
        if is_over:
            sender = caller(event.assoc)
            LOG.warning(
                "an image of %s was cut off: over %d bytes, or too many large ones at once", sender, max_bytes
            )
            self._metrics.image(TOO_LARGE)
            event.assoc.abort()

    def _forget_received(self, event: evt.Event) -> None:
        with self._received_lock:
            self._received.pop(id(event.assoc), None)


def supported_contexts() -> list[PresentationContext]:
    """What callers may propose, each as SCP."""
    images = [build_context(sop_class, transfer_syntaxes()) for sop_class in CLASSES]
    return [build_context(Verification), *images]


def transfer_syntaxes() -> list[str]:
    """The transfer syntaxes that there is a decoder for.

    Not the deflated one: it may hold a thousand times what was sent, and who sends it can send another.
    """
    return [
        str(syntax)
        for syntax in PACKAGES
        if syntax != DeflatedExplicitVRLittleEndian and package_for(syntax) is not None
    ]

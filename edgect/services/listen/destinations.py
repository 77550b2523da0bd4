"""Where results go: a folder, and another DICOM node by C-STORE."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Protocol

from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    KeyObjectSelectionDocumentStorage,
    ParametricMapStorage,
    SecondaryCaptureImageStorage,
)

from edgect.errors import EdgectError
from edgect.machine import atomic
from edgect.services.listen.config import RemoteNode
from edgect.services.listen.network.implementation import application_entity
from edgect.services.listen.network.tls import ClientContext
from edgect.services.listen.storage.spool import sync_folder

SENT_CLASSES = (
    ComprehensiveSRStorage,
    Comprehensive3DSRStorage,
    SecondaryCaptureImageStorage,
    ParametricMapStorage,
    KeyObjectSelectionDocumentStorage,
)
SENT_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
# DICOM PS3.4, table B.2-1, and PS3.7, annex C
STORED = (0x0000, 0x0111, *range(0xB000, 0xC000))  # success, there already, stored with a remark
REFUSED = (0x0122, *range(0xA900, 0xAA00), *range(0xC000, 0xD000))  # the class, or this object of it
_REJECTIONS = {3: "it does not know the class", 4: "it takes none of the transfer syntaxes"}  # PS3.8, 9.3.3.2


class DeliveryError(EdgectError):
    """A result could not be delivered; it is worth trying again."""


class UnreachableError(DeliveryError):
    """The destination cannot be reached: no other result could be delivered either."""


class RefusedError(DeliveryError):
    """The destination has said that it does not take this: another attempt would end in the same way."""


Outcome = tuple[Path, DeliveryError | None]  # a file, and None once the destination has it


class Destination(Protocol):
    name: str

    def deliver(self, paths: list[Path]) -> Generator[Outcome, None, None]:
        """Each file's outcome as soon as it is known.

        Raises DeliveryError, OSError; what was not yielded is then not delivered. May be called again with
        files that were delivered before.
        """


class FolderDestination:
    name = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, paths: list[Path]) -> Generator[Outcome, None, None]:
        for path in paths:
            atomic.write(self._path / path.name, path.read_bytes(), mode=0o600)
            sync_folder(self._path)  # the result is removed from the outbox then
            yield path, None


class StorageDestination:
    """Another node, by C-STORE; with TLS never in clear."""

    name = "node"

    def __init__(
        self, node: RemoteNode, title: str, timeout: float, tls: ClientContext | None = None
    ) -> None:
        self._node, self._title, self._timeout, self._tls = node, title, timeout, tls

    def deliver(self, paths: list[Path]) -> Generator[Outcome, None, None]:
        association = self._associate()
        try:
            for path in paths:
                yield path, _error_of(association, path)
        finally:
            association.release()

    def _associate(self) -> Association:
        """An association, or one that failed since the node takes none of the classes."""
        node, tls_args = self._node, None
        entity = application_entity(self._title, self._timeout)
        entity.connection_timeout = self._timeout
        for sop_class in SENT_CLASSES:
            entity.add_requested_context(sop_class, list(SENT_SYNTAXES))
        if self._tls is not None:
            self._tls.failure, tls_args = "", (self._tls, node.host)
        association = entity.associate(node.host, node.port, ae_title=node.title, tls_args=tls_args)
        if not association.is_established and not association.rejected_contexts:
            reason = f" (TLS: {self._tls.failure})" if self._tls is not None and self._tls.failure else ""
            raise UnreachableError(f"the node does not answer, or refuses the association{reason}")
        return association


def _error_of(association: Association, path: Path) -> DeliveryError | None:
    """Send a file, and say why the node has not got it."""
    try:
        dataset = dcmread(path)
        sop_class = UID(dataset.SOPClassUID)
        for context in association.rejected_contexts:
            if context.abstract_syntax == sop_class and context.result in _REJECTIONS:
                return RefusedError(f"the node refuses {sop_class.name}: {_REJECTIONS[context.result]}")
        status = association.send_c_store(dataset).get("Status")
    except Exception as error:  # of a library, whose message may quote the result: the connection broke
        return DeliveryError(f"the result cannot be sent ({type(error).__name__})")
    if status is None:
        return DeliveryError("the node did not answer")
    if status in STORED:
        return None
    message = f"the node refuses {sop_class.name} with status 0x{status:04X}"
    return RefusedError(message) if status in REFUSED else DeliveryError(message)

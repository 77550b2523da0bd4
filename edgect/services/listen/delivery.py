"""Delivery of results to a folder and to another DICOM node, tried again until it succeeds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Protocol

from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ComprehensiveSRStorage,
    SecondaryCaptureImageStorage,
)

from edgect.errors import EdgectError
from edgect.machine import atomic
from edgect.services.listen.config import RemoteNode
from edgect.services.listen.network.tls import ClientContext
from edgect.services.listen.storage.outbox import Outbox, dicom_files, is_delivered, mark_delivered
from edgect.services.listen.storage.spool import sync_folder

LOG = logging.getLogger("edgect.services.listen")
FIRST_DELAY, MAX_DELAY = 1.0, 300.0  # seconds to wait after a failure, doubled each time
_WARNINGS = range(0xB000, 0xC000)  # stored, with a remark (DICOM PS3.4, table B.2-1)


class DeliveryError(EdgectError):
    """A result could not be delivered."""


class UnreachableError(DeliveryError):
    """The destination cannot be reached: no other result could be delivered either."""


class Destination(Protocol):
    name: str

    def deliver(self, paths: list[Path]) -> None:
        """Raises DeliveryError, OSError. May be called again with files that were delivered before."""


class FolderDestination:
    name = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, paths: list[Path]) -> None:
        for path in paths:
            atomic.write(self._path / path.name, path.read_bytes(), mode=0o600)
        sync_folder(self._path)  # the result is removed from the outbox then


class StorageDestination:
    """Another node, by C-STORE; with TLS never in clear."""

    name = "node"

    def __init__(
        self, node: RemoteNode, title: str, timeout: float, tls: ClientContext | None = None
    ) -> None:
        self._node, self._title, self._timeout, self._tls = node, title, timeout, tls

    def deliver(self, paths: list[Path]) -> None:
        entity = AE(ae_title=self._title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self._timeout
        entity.connection_timeout = self._timeout
        for sop_class in (ComprehensiveSRStorage, SecondaryCaptureImageStorage):
            entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        association = self._associate(entity)
        try:
            for path in paths:
                try:
                    status = association.send_c_store(dcmread(path))
                except (ValueError, RuntimeError) as error:  # no such class there, or the connection broke
                    raise DeliveryError(f"the result cannot be sent ({type(error).__name__})") from None
                code = status.get("Status")
                if code is None:
                    raise DeliveryError("the node did not answer")
                if code and code not in _WARNINGS:
                    raise DeliveryError(f"the node refused the result with status 0x{code:04X}")
        finally:
            association.release()

    def _associate(self, entity: AE) -> Association:
        node, tls_args = self._node, None
        if self._tls is not None:
            self._tls.failure, tls_args = "", (self._tls, node.host)
        association = entity.associate(node.host, node.port, ae_title=node.title, tls_args=tls_args)
        if not association.is_established:
            reason = f" (TLS: {self._tls.failure})" if self._tls is not None and self._tls.failure else ""
            raise UnreachableError(f"the node does not answer, or refuses the association{reason}")
        return association


class Delivery:
    """Delivers what is in the outbox. After each failure the next attempt waits longer."""

    def __init__(
        self,
        outbox: Outbox,
        destinations: list[Destination],
        on_attempt: Callable[[Path, str, str], object] = lambda *_: None,
    ) -> None:
        """on_attempt: called after each with the result's folder, the destination's name, and the outcome.

        It may raise, and the attempt then counts as failed.
        """
        self._outbox, self._destinations, self._on_attempt = outbox, destinations, on_attempt
        self._due: dict[tuple[str, str], tuple[float, float]] = {}  # time of the next attempt, and its delay

    def run(self, stop: Event, wake: Event) -> None:
        """Until `stop` is set. wake: set by the worker when there is a result."""
        while not stop.is_set():
            wake.clear()
            try:
                for folder in self._outbox.waiting():
                    self._deliver(folder, stop.is_set)
            except Exception as error:
                LOG.error("the outbox cannot be read (%s)", _reason(error))
            wake.wait(FIRST_DELAY)

    def _deliver(self, folder: Path, stopped: Callable[[], bool]) -> None:
        for destination in list(self._pending(folder)):
            if stopped():
                return
            result_key, destination_key = (folder.name, destination.name), ("", destination.name)
            if time.monotonic() < max(
                self._due.get(key, (0.0, 0.0))[0] for key in (result_key, destination_key)
            ):
                continue
            try:
                destination.deliver(dicom_files(folder))
                self._on_attempt(folder, destination.name, "delivered")
                mark_delivered(folder, destination.name)
            except Exception as error:  # whatever pynetdicom raises: the other results go on
                reason = _reason(error)
                delay = self._postpone(destination_key if isinstance(error, UnreachableError) else result_key)
                self._note_failure(folder, destination, reason)
                LOG.warning("results wait for the %s, for %g s: %s", destination.name, delay, reason)
                continue
            self._due.pop(result_key, None)
            self._due.pop(destination_key, None)
            names = ", ".join(path.name for path in dicom_files(folder))
            LOG.info("delivered to the %s: %s", destination.name, names)
        if not list(self._pending(folder)):
            self._outbox.remove(folder)

    def _note_failure(self, folder: Path, destination: Destination, reason: str) -> None:
        try:
            self._on_attempt(folder, destination.name, reason)
        except Exception as error:  # it will be tried again, and so will this
            LOG.error("a failed delivery cannot be recorded (%s)", _reason(error))

    def _postpone(self, key: tuple[str, str]) -> float:
        delay = min(2 * self._due.get(key, (0.0, FIRST_DELAY / 2))[1], MAX_DELAY)
        self._due[key] = (time.monotonic() + delay, delay)
        return delay

    def _pending(self, folder: Path) -> Iterator[Destination]:
        return (item for item in self._destinations if not is_delivered(folder, item.name))


def _reason(error: Exception) -> str:
    """Never the text of a library's exception, which may quote what a result holds."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, DeliveryError) else type(error).__name__

"""Results to where they belong, again and again until they are there."""

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
from edgect.services.listen.config import Node
from edgect.services.listen.network.tls import Calling
from edgect.services.listen.storage.durable import write
from edgect.services.listen.storage.outbox import Outbox, files, is_done, mark_done

LOG = logging.getLogger("edgect.services.listen")
FIRST, LONGEST = 1.0, 300.0  # seconds to wait after a failure; each time twice as long
_WARNINGS = range(0xB000, 0xC000)  # stored, with a remark (DICOM PS3.4, table B.2-1)


class DeliveryError(EdgectError):
    """The result is not where it should be."""


class UnreachableError(DeliveryError):
    """Nor would any other be."""


class Destination(Protocol):
    name: str

    def take(self, paths: list[Path]) -> None:
        """Raises DeliveryError, OSError. What was taken before may be given again."""


class Folder:
    name = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, paths: list[Path]) -> None:
        for path in paths:
            write(self._path / path.name, path.read_bytes())


class Archive:
    """Another node, by C-STORE; never in clear where there is TLS."""

    name = "node"

    def __init__(self, node: Node, title: str, timeout: float, tls: Calling | None = None) -> None:
        self._node, self._title, self._timeout, self._tls = node, title, timeout, tls

    def take(self, paths: list[Path]) -> None:
        entity = AE(ae_title=self._title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self._timeout
        entity.connection_timeout = self._timeout
        for sop_class in (ComprehensiveSRStorage, SecondaryCaptureImageStorage):
            entity.add_requested_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        association = self._call(entity)
        try:
            for path in paths:
                try:
                    status = association.send_c_store(dcmread(path))
                except (ValueError, RuntimeError) as error:  # no such class there, or the line broke
                    raise DeliveryError(f"cannot be sent ({type(error).__name__})") from None
                code = status.get("Status")
                if code is None:
                    raise DeliveryError("the node did not answer")
                if code and code not in _WARNINGS:
                    raise DeliveryError(f"the node refused it with 0x{code:04X}")
        finally:
            association.release()

    def _call(self, entity: AE) -> Association:
        node, secured = self._node, None
        if self._tls is not None:
            self._tls.failure, secured = "", (self._tls, node.host)
        association = entity.associate(node.host, node.port, ae_title=node.title, tls_args=secured)
        if not association.is_established:
            why = f" (TLS: {self._tls.failure})" if self._tls is not None and self._tls.failure else ""
            raise UnreachableError(f"the node does not answer, or refuses to be called{why}")
        return association


class Delivery:
    """Takes results out of the outbox. Each that could not be delivered waits longer from time to time."""

    def __init__(self, outbox: Outbox, destinations: list[Destination]) -> None:
        self._outbox, self._destinations = outbox, destinations
        self._due: dict[tuple[str, str], tuple[float, float]] = {}  # when next, and after what wait

    def run(self, stop: Event, news: Event) -> None:
        """Until `stop` is set. news: set by who puts a result into the outbox."""
        while not stop.is_set():
            news.clear()
            try:
                for folder in self._outbox.waiting():
                    self._deliver(folder, stop.is_set)
            except Exception as error:
                LOG.error("results cannot be looked for (%s)", _why(error))
            news.wait(FIRST)

    def _deliver(self, folder: Path, stopped: Callable[[], bool]) -> None:
        for destination in list(self._open(folder)):
            if stopped():
                return
            one, all_ = (folder.name, destination.name), ("", destination.name)
            if time.monotonic() < max(self._due.get(key, (0.0, 0.0))[0] for key in (one, all_)):
                continue
            try:
                destination.take(files(folder))
                mark_done(folder, destination.name)
            except Exception as error:  # any other of pynetdicom's must not end the delivery of the rest
                why = _why(error)
                wait = self._wait(all_ if isinstance(error, UnreachableError) else one)
                LOG.warning("results wait for the %s, for %g s: %s", destination.name, wait, why)
                continue
            self._due.pop(one, None)
            self._due.pop(all_, None)
            named = ", ".join(path.name for path in files(folder))
            LOG.info("delivered to the %s: %s", destination.name, named)
        if not list(self._open(folder)):
            self._outbox.done(folder)

    def _wait(self, key: tuple[str, str]) -> float:
        wait = min(2 * self._due.get(key, (0.0, FIRST / 2))[1], LONGEST)
        self._due[key] = (time.monotonic() + wait, wait)
        return wait

    def _open(self, folder: Path) -> Iterator[Destination]:
        return (one for one in self._destinations if not is_done(folder, one.name))


def _why(error: Exception) -> str:
    """Never the text of another's exception, which may quote what a result holds."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, DeliveryError) else type(error).__name__

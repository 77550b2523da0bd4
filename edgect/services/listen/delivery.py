"""Delivery of results, each file on its own, tried again until every destination has it or refuses it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

from edgect.services.listen.destinations import DeliveryError, Destination, RefusedError, UnreachableError
from edgect.services.listen.health import Failures
from edgect.services.listen.metrics import DELIVERED, FAILED, SET_ASIDE, NodeMetrics
from edgect.services.listen.storage.outbox import Outbox, mark_delivered, undelivered

LOG = logging.getLogger("edgect.services.listen")
FIRST_DELAY, MAX_DELAY = 1.0, 300.0  # seconds to wait after a failure, doubled each time


class Delivery:
    """Delivers what is in the outbox. After each failure the next attempt waits longer."""

    def __init__(
        self,
        outbox: Outbox,
        destinations: list[Destination],
        on_attempt: Callable[[Path, str, str], object] = lambda *_: None,
        metrics: NodeMetrics | None = None,
    ) -> None:
        """on_attempt: called after each with the result's folder, the destination's name, and the outcome.

        It may raise, and the attempt then counts as failed.
        """
        self._outbox, self._destinations, self._on_attempt = outbox, destinations, on_attempt
        self._due: dict[tuple[str, str], tuple[float, float]] = {}  # time of the next attempt, and its delay
        self._failing: dict[str, tuple[float, str]] = {}  # since when a destination fails, and why
        self._metrics = metrics or NodeMetrics()
        for destination in destinations:
            self._metrics.expect_destination(destination.name)

    def failures(self) -> Failures:
        """The destinations that have taken nothing since they failed first, with seconds and reason."""
        now = time.monotonic()
        return {name: (now - since, reason) for name, (since, reason) in list(self._failing.items())}

    def waiting(self, destination: str) -> int:
        """How many results wait for a destination."""
        try:
            return sum(bool(undelivered(folder, destination)) for folder in self._outbox.waiting())
        except OSError:  # one was delivered meanwhile
            return 0

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
        for destination in self._destinations:
            files = undelivered(folder, destination.name)
            if not files:
                continue
            if stopped():
                return
            result_key, destination_key = (folder.name, destination.name), ("", destination.name)
            if time.monotonic() < max(
                self._due.get(key, (0.0, 0.0))[0] for key in (result_key, destination_key)
            ):
                continue
            try:
                with self._metrics.timed_delivery(destination.name):
                    self._deliver_files(folder, destination, files)
            except Exception as error:  # whatever pynetdicom raises: the other results go on
                reason = _reason(error)
                delay = self._postpone(destination_key if isinstance(error, UnreachableError) else result_key)
                self._note_failure(folder, destination, reason)
                LOG.warning("results wait for the %s, for %g s: %s", destination.name, delay, reason)
                continue
            self._due.pop(result_key, None)
            self._due.pop(destination_key, None)
        if not any(undelivered(folder, destination.name) for destination in self._destinations):
            self._outbox.remove(folder)

    def _deliver_files(self, folder: Path, destination: Destination, files: list[Path]) -> None:
        """Raises DeliveryError once all were tried, if some must be tried again.

        What is recorded of a file is so before it is marked: after a kill between both it is sent again.
        """
        failure: DeliveryError | None = None
        with closing(destination.deliver(files)) as outcomes:
            for file, error in outcomes:
                if error is None:
                    self._on_attempt(folder, destination.name, f"delivered {file.name}")
                    mark_delivered(file, destination.name)
                    self._note_outcome(destination, DELIVERED)
                    LOG.info("delivered to the %s: %s", destination.name, file.name)
                elif isinstance(error, RefusedError):
                    self._on_attempt(folder, destination.name, str(error))
                    aside = self._outbox.set_aside(file, destination.name)
                    self._note_outcome(destination, SET_ASIDE)
                    LOG.error("%s; it is not tried again, and set aside as %s", error, aside)
                else:
                    failure = failure or error
        if failure is not None:
            raise failure

    def _note_outcome(self, destination: Destination, outcome: str) -> None:
        """Of a file that the destination has answered on for good: it is there, whatever came before."""
        self._metrics.delivery(destination.name, outcome)
        self._failing.pop(destination.name, None)

    def _note_failure(self, folder: Path, destination: Destination, reason: str) -> None:
        self._metrics.delivery(destination.name, FAILED)
        since, _ = self._failing.get(destination.name, (time.monotonic(), ""))
        self._failing[destination.name] = since, reason
        try:
            self._on_attempt(folder, destination.name, reason)
        except Exception as error:  # it will be tried again, and so will this
            LOG.error("a failed delivery cannot be recorded (%s)", _reason(error))

    def _postpone(self, key: tuple[str, str]) -> float:
        delay = min(2 * self._due.get(key, (0.0, FIRST_DELAY / 2))[1], MAX_DELAY)
        self._due[key] = (time.monotonic() + delay, delay)
        return delay


def _reason(error: Exception) -> str:
    """Never the text of a library's exception, which may quote what a result holds."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, DeliveryError) else type(error).__name__

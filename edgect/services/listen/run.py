"""The node as a whole: callers, a worker and a carrier of results, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import ssl
import sys
import warnings
from collections.abc import Callable
from threading import Event, Thread

from edgect.errors import UsageError
from edgect.pipeline import Pipeline
from edgect.services.listen.deliver import Archive, Delivery, Destination, Folder
from edgect.services.listen.node import Listener
from edgect.services.listen.outbox import Outbox
from edgect.services.listen.settings import Settings
from edgect.services.listen.spool import Spool
from edgect.services.listen.tls import Calling
from edgect.services.listen.worker import Worker

# they quote names and UIDs: of patients in the first place
_TALKATIVE = ("pydicom", "pynetdicom", "highdicom")


def run(
    settings: Settings,
    spool: Spool,
    classifier: Pipeline,
    receiving: ssl.SSLContext | None,
    sending: Calling | None,
    ready: Callable[[int], None],
) -> None:
    """Until SIGTERM or SIGINT; then callers may finish for a while, and the next start goes on with the rest.

    receiving, sending: TLS, None for none. ready: called with the port once images are taken. Raises
    UsageError.
    """
    stop, news = Event(), Event()
    outbox = Outbox(spool, settings.remember)
    worker = Worker(classifier, spool, outbox, settings.capture)
    delivery = Delivery(outbox, _destinations(settings, sending))
    listener = Listener(settings, spool, receiving)
    threads = [
        Thread(target=task, args=(stop, news), name=name, daemon=True)
        for name, task in (("edgect-worker", worker.run), ("edgect-delivery", delivery.run))
    ]
    asked = _Asked()
    for thread in threads:
        thread.start()
    ready(listener.port)
    asked.wait()
    listener.close()
    stop.set()
    news.set()
    for thread in threads:
        thread.join()


class _Asked:
    """SIGTERM or SIGINT has come; a second one ends the process as it does others."""

    def __init__(self) -> None:
        self._event = Event()
        self._before = {one: signal.signal(one, self._come) for one in (signal.SIGTERM, signal.SIGINT)}

    def wait(self) -> None:
        while not self._event.wait(3600):  # without a limit Windows would not hear of Ctrl-C
            pass

    def _come(self, *_: object) -> None:
        self._event.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)


def quieten() -> None:
    """edgect's own lines to stderr, and nobody else's."""
    warnings.simplefilter("ignore")
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("edgect.services.listen")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _destinations(settings: Settings, tls: Calling | None) -> list[Destination]:
    found: list[Destination] = []
    if settings.out is not None:
        try:
            settings.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--out {settings.out}: cannot be made ({error.strerror or error})") from error
        found.append(Folder(settings.out))
    if settings.send_to is not None:
        found.append(Archive(settings.send_to, settings.title, settings.timeout, tls))
    return found

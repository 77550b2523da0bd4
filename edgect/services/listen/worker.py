"""Series to results: takes what is quiet in the spool, and puts what was said of it into the outbox."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Sequence
from threading import Event

from pydicom import Dataset, dcmwrite

from edgect.pipeline import Pipeline
from edgect.services.listen.answer import Said, answer, classify
from edgect.services.listen.capture import capture
from edgect.services.listen.outbox import Outbox
from edgect.services.listen.record import Record
from edgect.services.listen.spool import Image, Spool
from edgect.services.listen.structured_report import structured_report

LOG = logging.getLogger("edgect.services.listen")
TRIES, PAUSE = 3, 30.0  # before a series that no result can be made of is set aside; seconds between
CHECK = 0.25  # seconds between looks into the spool


class Worker:
    """captures: whether heat maps are made too."""

    def __init__(self, classifier: Pipeline, spool: Spool, outbox: Outbox, captures: bool) -> None:
        self._classifier, self._spool, self._outbox = classifier, spool, outbox
        self._captures = captures
        self._failed: dict[str, tuple[int, float]] = {}  # how often, and when to try again

    def run(self, stop: Event, news: Event) -> None:
        """Until `stop` is set, which is looked at between images. news: is set when there is a result."""
        while not stop.wait(CHECK):
            try:
                self._round(stop, news)
            except Exception as error:  # of the disk, above all: images must not wait for ever in silence
                LOG.error("the spool cannot be worked on (%s); to be tried again", type(error).__name__)
                stop.wait(PAUSE)

    def _round(self, stop: Event, news: Event) -> None:
        """Answers on every series that is quiet."""
        for key in self._spool.quiet():
            if time.monotonic() < self._failed.get(key, (0, 0.0))[1]:
                continue
            images = self._spool.images_of(key)
            try:
                self._answer(key, images, stop)
                self._failed.pop(key, None)
                news.set()
            except Exception as error:  # whose message may quote what an image holds
                self._fail(key, images, error)
            if stop.is_set():
                return
        self._outbox.forget_old()

    def _answer(self, key: str, images: Sequence[Image], stop: Event) -> None:
        if not images:  # a folder from just before the end of another process
            self._spool.forget(key, images)
            return
        digests = {one.path.name: hashlib.sha256(one.path.read_bytes()).hexdigest() for one in images}
        settings, last = self._classifier.row_settings(), self._outbox.last(key)
        if last is not None and last.holds(digests, settings):
            LOG.info("%d images were sent again, and are answered on already", len(images))
        else:
            start = time.monotonic()
            said = [] if last is None else last.still_true(digests, settings)
            said += classify(self._classifier, [one.path for one in images], lambda: not stop.is_set())
            if stop.is_set():
                return
            self._put(key, said, last)
            LOG.info("%d images of a series answered on in %.1f s", len(images), time.monotonic() - start)
        self._spool.forget(key, images)

    def _put(self, key: str, said: Sequence[Said], last: Record | None) -> None:
        found = answer(self._classifier, said)
        report = structured_report(found, last)
        name = found.digest[:16]
        made = {f"report-{name}.dcm": _file(report)}
        if self._captures and (picture := capture(found, last)) is not None:
            made[f"heat-map-{name}.dcm"] = _file(picture)
        self._outbox.put(key, name, made, Record(report, int(report.InstanceNumber), found.said))

    def _fail(self, key: str, images: Sequence[Image], error: Exception) -> None:
        times = self._failed.get(key, (0, 0.0))[0] + 1
        self._failed[key] = (times, time.monotonic() + PAUSE)
        kind = type(error).__name__
        if times < TRIES or isinstance(error, OSError):  # a full disk is no fault of the series
            LOG.error("no result of %d images of a series (%s); to be tried again", len(images), kind)
            return
        folder = self._spool.set_aside(key, images)
        self._failed.pop(key)
        LOG.error("no result of %d images of a series (%s); set aside in %s", len(images), kind, folder)


def _file(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()

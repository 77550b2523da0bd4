"""From series to results: classifies complete series of the spool, and puts results into the outbox."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from threading import Event

from edgect.pipeline import Pipeline
from edgect.services.current_model import CurrentModel
from edgect.services.listen.auditing import NodeTrail, result_name
from edgect.services.listen.results.files import result_files
from edgect.services.listen.results.options import ResultOptions
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_result import SliceResult, classify_images, series_result
from edgect.services.listen.storage.outbox import Outbox
from edgect.services.listen.storage.spool import Spool, SpooledImage

LOG = logging.getLogger("edgect.services.listen")
MAX_ATTEMPTS, PAUSE = 3, 30.0  # before a series without a result is set aside; seconds between
CHECK = 0.25  # seconds between checks of the spool


class Worker:
    """Puts a result of every series into the outbox. options: what is made of it."""

    def __init__(
        self,
        model: CurrentModel,
        spool: Spool,
        outbox: Outbox,
        options: ResultOptions,
        trail: NodeTrail,
    ) -> None:
        self._current, self._spool, self._outbox, self._trail = model, spool, outbox, trail
        self._options = options
        self._failed: dict[str, tuple[int, float]] = {}  # how often, and when to try again

    def run(self, stop: Event, wake: Event) -> None:
        """Until `stop` is set, which is looked at between images. wake: set when there is a result."""
        while not stop.wait(CHECK):
            try:
                self._process_quiet_series(stop, wake)
            except Exception as error:  # of the disk, above all: images must not wait for ever in silence
                LOG.error("the spool cannot be processed (%s); it will be tried again", type(error).__name__)
                stop.wait(PAUSE)

    def _process_quiet_series(self, stop: Event, wake: Event) -> None:
        """Classify every series that is complete."""
        for key in self._spool.quiet_series():
            if time.monotonic() < self._failed.get(key, (0, 0.0))[1]:
                continue
            images = self._spool.images_of(key)
            try:
                self._process(key, images, stop)
                self._failed.pop(key, None)
                wake.set()
            except Exception as error:  # whose message may quote what an image holds
                self._fail(key, images, error)
            if stop.is_set():
                return
        self._outbox.forget_old()

    def _process(self, key: str, images: Sequence[SpooledImage], stop: Event) -> None:
        if not images:  # a folder from just before the end of another process
            self._spool.remove(key, images)
            return
        digests = {image.path.name: hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images}
        classifier = self._current.pipeline  # for the whole of the series
        settings, last = classifier.row_settings(), self._outbox.last_record(key)
        if last is not None and last.covers(digests, settings):
            LOG.info("%d images were sent again, and have a result already", len(images))
        else:
            start = time.monotonic()
            slices = [] if last is None else last.still_valid(digests, settings)
            slices += classify_images(classifier, [image.path for image in images], lambda: not stop.is_set())
            if stop.is_set():
                return
            self._put(key, classifier, slices, last)
            LOG.info(
                "%d images of a series classified in %.1f s by %s (%s)",
                len(images),
                time.monotonic() - start,
                classifier.bundle.name,
                classifier.bundle.identity,
            )
        self._spool.remove(key, images)

    def _put(
        self, key: str, classifier: Pipeline, slices: Sequence[SliceResult], last: ResultRecord | None
    ) -> None:
        result = series_result(classifier, slices, self._options.highest)
        name = result_name(result.digest)
        files, report = result_files(result, last, self._options, name)
        self._trail.result(result)
        self._outbox.put(key, name, files, ResultRecord(report, int(report.InstanceNumber), result.slices))

    def _fail(self, key: str, images: Sequence[SpooledImage], error: Exception) -> None:
        attempts = self._failed.get(key, (0, 0.0))[0] + 1
        self._failed[key] = (attempts, time.monotonic() + PAUSE)
        kind = type(error).__name__
        if attempts < MAX_ATTEMPTS or isinstance(error, OSError):  # a full disk is no fault of the series
            LOG.error("no result of %d images of a series (%s); it will be tried again", len(images), kind)
            return
        folder = self._spool.set_aside(key, images)
        self._failed.pop(key)
        LOG.error(
            "no result of %d images of a series (%s); they are set aside in %s", len(images), kind, folder
        )

"""From series to results: classifies complete series of the spool, and puts results into the outbox."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from threading import Event

from edgect.audit.trail import AuditError
from edgect.pipeline import Pipeline
from edgect.services.current_model import CurrentModel
from edgect.services.listen.auditing import NodeTrail, result_name
from edgect.services.listen.metrics import ANSWERED, FAILED, KNOWN, LEFT_OUT, SET_ASIDE, NodeMetrics
from edgect.services.listen.results.files import result_files
from edgect.services.listen.results.options import ResultOptions
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_result import SliceResult, classify_images, series_result
from edgect.services.listen.selection.image_attributes import read_attributes
from edgect.services.listen.selection.rules import Rules
from edgect.services.listen.selection.selection import select
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
        metrics: NodeMetrics | None = None,
        rules: Rules | None = None,
    ) -> None:
        """rules: of what is classified, None for everything."""
        self._metrics, self._rules = metrics or NodeMetrics(), rules
        self._spool_trouble = self._series_trouble = ""
        self._current, self._spool, self._outbox, self._trail = model, spool, outbox, trail
        self._options = options
        self._failed: dict[str, tuple[int, float]] = {}  # how often, and when to try again

    @property
    def trouble(self) -> str:
        """Why no series gets a result, of disk or trail; empty where they do."""
        return self._spool_trouble or self._series_trouble

    def run(self, stop: Event, wake: Event) -> None:
        """Until `stop` is set, which is looked at between images. wake: set when there is a result."""
        while not stop.wait(CHECK):
            try:
                self._process_quiet_series(stop, wake)
                self._spool_trouble = ""
            except Exception as error:  # of the disk, above all: images must not wait for ever in silence
                self._spool_trouble = f"the spool cannot be processed ({type(error).__name__})"
                LOG.error("%s; it will be tried again", self._spool_trouble)
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
                self._series_trouble = ""
                wake.set()
            except Exception as error:  # whose message may quote what an image holds
                self._fail(key, images, error)
            if stop.is_set():
                return
        self._outbox.forget_old()

    def _process(self, key: str, images: Sequence[SpooledImage], stop: Event) -> None:
        last = self._outbox.last_record(key)
        if images and self._rules is not None:
            images = self._select(self._rules, key, images, last)
        if not images:  # a folder from just before the end of another process, or all were left out
            self._spool.remove(key, images)
            return
        label = _label(images)
        digests = {image.path.name: hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images}
        classifier = self._current.pipeline  # for the whole of the series
        settings = classifier.row_settings()
        if last is not None and last.covers(digests, settings):
            self._metrics.series(KNOWN)
            LOG.info("%s: %d images were sent again, and have a result already", label, len(images))
        else:
            start = time.monotonic()
            slices = [] if last is None else last.still_valid(digests, settings)
            new = list(
                classify_images(classifier, [image.path for image in images], lambda: not stop.is_set())
            )
            if stop.is_set():
                return
            self._put(key, classifier, [*slices, *new], last)
            self._count(new, time.monotonic() - start)
            LOG.info(
                "%s: %d images classified in %.1f s by %s (%s)",
                label,
                len(images),
                time.monotonic() - start,
                classifier.bundle.name,
                classifier.bundle.identity,
            )
        self._spool.remove(key, images)

    def _select(
        self, rules: Rules, key: str, images: Sequence[SpooledImage], last: ResultRecord | None
    ) -> Sequence[SpooledImage]:
        """The images that no rule leaves out; the others are counted and removed."""
        names = {image.path.name for image in images}
        answered = 0 if last is None else sum(slice_.path.name not in names for slice_ in last.slices)
        selection = select(rules, images, answered)
        for left_out in selection.left_out:
            self._trail.left_out(left_out)
            self._metrics.left_out(left_out.rule, len(left_out.images))
            label, count = left_out.first.label, len(left_out.images)
            LOG.info("%s: %d images left out by the rule %s", label, count, left_out.rule)
            self._spool.remove(key, left_out.images)
        if not selection.images:
            self._metrics.series(LEFT_OUT)
        return selection.images

    def _put(
        self, key: str, classifier: Pipeline, slices: Sequence[SliceResult], last: ResultRecord | None
    ) -> None:
        result = series_result(classifier, slices, self._options.highest)
        name = result_name(result.digest)
        files, report = result_files(result, last, self._options, name)
        self._trail.result(result)
        self._outbox.put(key, name, files, ResultRecord(report, int(report.InstanceNumber), result.slices))

    def _count(self, slices: Sequence[SliceResult], seconds: float) -> None:
        self._metrics.series(ANSWERED)
        self._metrics.series_took(seconds)
        for slice_ in slices:
            self._metrics.row(slice_.prediction)

    def _fail(self, key: str, images: Sequence[SpooledImage], error: Exception) -> None:
        attempts = self._failed.get(key, (0, 0.0))[0] + 1
        self._failed[key] = (attempts, time.monotonic() + PAUSE)
        kind = type(error).__name__
        is_own_fault = not isinstance(error, OSError | AuditError)  # a full disk is none of the series
        if not is_own_fault:
            self._series_trouble = f"disk or audit trail cannot be used ({kind})"
        if attempts < MAX_ATTEMPTS or not is_own_fault:
            self._metrics.series(FAILED)
            line = "%s: no result of %d images (%s); it will be tried again"
            LOG.error(line, _label(images), len(images), kind)
            return
        label = _label(images)
        folder = self._spool.set_aside(key, images)
        self._failed.pop(key)
        self._metrics.series(SET_ASIDE)
        LOG.error(
            "%s: no result of %d images (%s); they are set aside in %s", label, len(images), kind, folder
        )


def _label(images: Sequence[SpooledImage]) -> str:
    """What their series is called; never a patient."""
    try:
        return str(read_attributes(images[0].path).label)
    except (OSError, IndexError):
        return "a series"

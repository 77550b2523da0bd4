"""What runs on a worker: a batch of paths is read and answered there, by a model that is loaded once."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from time import perf_counter
from typing import Any

from edgect.batch.cluster import identity
from edgect.classifier import Classifier
from edgect.errors import EdgectError, ScanError
from edgect.model.conformance import golden
from edgect.rows.columns import COLUMNS
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, read_bytes
from edgect.scans.files import remote
from edgect.scans.files.read import read_head
from edgect.scans.formats import HEAD_LENGTH

Item = tuple[str, tuple[str, ...]]
"""A path, and the SHA-256 of the content that earlier answers on it were given on."""
Drawn = tuple[tuple[Any, ...], tuple[Any, ...]]
"""A row's values, in the order of the columns, and what each of `Job.draws` made beside it."""
FileAnswer = int | str | list[Drawn]
"""The earlier answer that still holds, by its number; or why no worker answers; or new rows."""

RUNS = 2  # at once on the same workers, without either having to load its model again


@dataclass(frozen=True)
class Job:
    """What every batch of a run is asked. Travels with each of them.

    model: arguments of `Classifier`. folder: that relative paths start from. identity, self_test: of the
    machine that asks. schemes: of URLs among the paths. samples: some of the paths, each with what
    `fingerprint` gives where it was listed.
    """

    model: tuple[tuple[str, Any], ...]
    limits: Limits
    folder: str
    identity: dict[str, str]
    self_test: golden.Summary
    schemes: tuple[str, ...] = ()
    samples: tuple[tuple[str, str], ...] = ()
    evidence: bool = False
    draws: tuple[Callable[[Prediction], Any], ...] = ()


@dataclass(frozen=True)
class Answered:
    """seconds: that the batch took. alike: whether the self-test gave the same to the last digit.

    refused: why this worker must not answer; there are no files then.
    """

    files: list[FileAnswer] = field(default_factory=list)
    seconds: float = 0.0
    alike: bool = True
    refused: list[str] = field(default_factory=list)


def answer(job: Job, items: Sequence[Item]) -> Answered:
    """Answer a batch; an empty one has the model loaded and the worker judged.

    The judgement is made in every process anew before it answers for the first time: who has the address
    of a worker is not always who had it before.
    """
    start = perf_counter()
    loaded = _loaded(job)
    if loaded.refused:
        return Answered(refused=loaded.refused)
    assert loaded.classifier is not None
    files = [_file(loaded.classifier, job, item) for item in items]
    return Answered(files, perf_counter() - start, loaded.alike)


def fingerprint(folder: str, path: str) -> str:
    """Of a file's first bytes; empty where it cannot be read."""
    try:
        return hashlib.sha256(read_head(_place(folder, path), HEAD_LENGTH)).hexdigest()[:16]
    except ScanError:
        return ""


def _file(classifier: Classifier, job: Job, item: Item) -> FileAnswer:
    path, earlier = item
    try:
        content = read_bytes(_place(job.folder, path), job.limits)
    except ScanError as error:
        return [_drawn(job, classifier.unanswered(path, error))]
    if earlier and (digest := hashlib.sha256(content).hexdigest()) in earlier:
        return earlier.index(digest)
    return [_drawn(job, found) for found in classifier.classify_content(content, path, job.evidence, True)]


def _place(folder: str, path: str) -> str:
    return path if remote.is_url(path) else os.path.join(folder, remote.local(path))


def _drawn(job: Job, prediction: Prediction) -> Drawn:
    row = prediction.row()
    return tuple(row[name] for name in COLUMNS), tuple(draw(prediction) for draw in job.draws)


@dataclass(frozen=True)
class _Loaded:
    """The model of a run, and what was found against this worker."""

    classifier: Classifier | None = None
    refused: list[str] = field(default_factory=list)
    alike: bool = True


_judged, _loading = OrderedDict[str, _Loaded](), Lock()


def _loaded(job: Job) -> _Loaded:
    """Loaded and judged by whichever thread comes first; only a good judgement is kept."""
    key = repr((job.model, job.limits, job.identity, job.self_test, job.schemes, job.samples, job.folder))
    with _loading:
        if (found := _judged.pop(key, None)) is None:
            found = _judge(job)
        if found.refused:
            _classifier.cache_clear()
        else:
            _judged[key] = found
        while len(_judged) > RUNS:
            _judged.popitem(last=False)
        return found


def _judge(job: Job) -> _Loaded:
    try:
        for scheme in job.schemes:
            remote.check_scheme(scheme)
        classifier = _classifier(job.model, job.limits)
        answer = classifier.golden_answer()
        refused = list(_against(classifier, job, answer))
    except EdgectError as error:
        return _Loaded(refused=[str(error)])
    return _Loaded(classifier, refused, answer == job.self_test)


@lru_cache(maxsize=RUNS)
def _classifier(model: tuple[tuple[str, Any], ...], limits: Limits) -> Classifier:
    import cv2

    cv2.setNumThreads(1)  # a file has its thread already
    # identifiers as they are: names for them are made where the salt is kept
    return Classifier(**dict(model), threads=_threads(), many=True, limits=limits, include_identifiers=True)


def _against(classifier: Classifier, job: Job, found: golden.Summary) -> Iterator[str]:
    """What speaks against a worker, a phrase each."""
    yield from identity.differences(identity.identity(classifier), job.identity)
    if job.samples and not any(fingerprint(job.folder, path) == found for path, found in job.samples):
        first = _place(job.folder, job.samples[0][0])
        yield f"{first} and others are not there as they are here: is it storage that all machines share?"
    if golden.is_stored(classifier.bundle):
        engine = classifier.engine
        for wrong in golden.differences(classifier.bundle, engine.backend, engine.precision, found):
            yield f"its answer to the golden slice is wrong: {wrong}"
        for wrong in golden.preparation(classifier.bundle):
            yield f"it prepares the golden slice otherwise: {wrong}"
    elif found != job.self_test:
        yield "its answer to a black slice is another, and the bundle has no golden one to judge by"


def _threads() -> int:
    from distributed import get_worker

    return int(get_worker().state.nthreads)

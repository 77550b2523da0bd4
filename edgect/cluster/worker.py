"""What runs on a worker: a batch of paths is read and answered there, by a model that is loaded once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter
from typing import Any

from edgect import golden
from edgect.classifier import Classifier
from edgect.cluster import identity
from edgect.errors import EdgectError, ScanError
from edgect.prediction import COLUMNS, Prediction
from edgect.scans import Limits, read_bytes, remote

Item = tuple[str, tuple[str, ...]]
"""A path, and the SHA-256 of the content that earlier answers on it were given on."""
Drawn = tuple[tuple[Any, ...], tuple[Any, ...]]
"""A row's values, in the order of the columns, and what each of `Job.draws` made beside it."""
FileAnswer = int | str | list[Drawn]
"""The earlier answer that still holds, by its number; or why no worker answers; or new rows."""


@dataclass(frozen=True)
class Job:
    """What every batch of a run is asked. Travels with each of them.

    model: arguments of `Classifier`. folder: that relative paths start from. identity, self_test: of the
    machine that asks. schemes: of URLs among the paths.
    """

    model: dict[str, Any]
    limits: Limits
    folder: str
    identity: dict[str, str]
    self_test: golden.Summary
    schemes: tuple[str, ...] = ()
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


@dataclass
class _Loaded:
    """The one model of this process, and what was found against it."""

    key: str = ""
    classifier: Classifier | None = None
    refused: list[str] = field(default_factory=list)
    alike: bool = True


_ours, _loading = _Loaded(), Lock()


def _loaded(job: Job) -> _Loaded:
    """Loaded by whichever thread comes first, unless the last run had the same."""
    global _ours
    key = repr((job.model, job.limits, job.identity, job.self_test, job.schemes))
    with _loading:
        if _ours.key != key:
            _ours = _Loaded()  # before the next one takes its memory
            _ours = _load(job, key)
        return _ours


def _load(job: Job, key: str) -> _Loaded:
    import cv2

    cv2.setNumThreads(1)  # a file has its thread already
    try:
        for scheme in job.schemes:
            remote.check(scheme)
        # identifiers as they are: names for them are made where the salt is kept
        classifier = Classifier(
            **job.model, threads=_threads(), many=True, limits=job.limits, include_identifiers=True
        )
        found = classifier.golden_answer()
        refused = list(_against(classifier, job, found))
    except EdgectError as error:
        return _Loaded(key, None, [str(error)])
    return _Loaded(key, None if refused else classifier, refused, found == job.self_test)


def _against(classifier: Classifier, job: Job, found: golden.Summary) -> Iterator[str]:
    """What speaks against a worker, a phrase each."""
    yield from identity.differences(identity.identity(classifier), job.identity)
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

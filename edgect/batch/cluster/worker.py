"""What runs on a worker: a batch of paths is read and classified there, by a model that is loaded once."""

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
from edgect.errors import EdgectError, ScanError
from edgect.model.conformance import golden
from edgect.pipeline import Pipeline
from edgect.rows.columns import COLUMNS
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, read_bytes
from edgect.scans.files import remote
from edgect.scans.files.read import read_head
from edgect.scans.formats import HEAD_LENGTH

Item = tuple[str, tuple[str, ...]]
"""A path, and for each set of rows that an earlier run gave on it the SHA-256 of the content."""
RenderedRow = tuple[tuple[Any, ...], tuple[Any, ...]]
"""A row's values, in the order of the columns, and what each of `Job.renderers` made of it."""
FileResult = int | str | list[RenderedRow]
"""The number of the earlier rows that still hold; or why no worker can classify the file; or new rows."""

RUNS = 2  # at once on the same workers, without either having to load its model again


@dataclass(frozen=True)
class Job:
    """What every batch of a run has in common. Travels with each of them.

    model: arguments of `Pipeline`. folder: that relative paths start from. identity, self_test: of the
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
    renderers: tuple[Callable[[Prediction], Any], ...] = ()


@dataclass(frozen=True)
class BatchResult:
    """seconds: that the batch took. same_digits: whether the self-test gave the same to the last digit.

    refused: why this worker must not answer; there are no files then.
    """

    files: list[FileResult] = field(default_factory=list)
    seconds: float = 0.0
    same_digits: bool = True
    refused: list[str] = field(default_factory=list)


def classify_batch(job: Job, items: Sequence[Item]) -> BatchResult:
    """Classify a batch; an empty one has the model loaded and the worker checked.

    The check is made in every process anew before its first result: who has the address
    of a worker is not always who had it before.
    """
    start = perf_counter()
    loaded = _loaded(job)
    if loaded.refused:
        return BatchResult(refused=loaded.refused)
    assert loaded.pipeline is not None
    files = [_classify_file(loaded.pipeline, job, item) for item in items]
    return BatchResult(files, perf_counter() - start, loaded.same_digits)


def fingerprint(folder: str, path: str) -> str:
    """Of a file's first bytes; empty where it cannot be read."""
    try:
        return hashlib.sha256(read_head(_absolute(folder, path), HEAD_LENGTH)).hexdigest()[:16]
    except ScanError:
        return ""


def _classify_file(pipeline: Pipeline, job: Job, item: Item) -> FileResult:
    path, earlier = item
    try:
        content = read_bytes(_absolute(job.folder, path), job.limits)
    except ScanError as error:
        return [_rendered(job, pipeline.failure(path, error))]
    if earlier and (digest := hashlib.sha256(content).hexdigest()) in earlier:
        return earlier.index(digest)
    return [
        _rendered(job, prediction)
        for prediction in pipeline.classify_content(content, path, job.evidence, True)
    ]


def _absolute(folder: str, path: str) -> str:
    return path if remote.is_url(path) else os.path.join(folder, remote.local(path))


def _rendered(job: Job, prediction: Prediction) -> RenderedRow:
    row = prediction.row()
    return tuple(row[name] for name in COLUMNS), tuple(render(prediction) for render in job.renderers)


@dataclass(frozen=True)
class _Loaded:
    """The model of a run, and why this worker is refused."""

    pipeline: Pipeline | None = None
    refused: list[str] = field(default_factory=list)
    same_digits: bool = True


_ready_models, _loading = OrderedDict[str, _Loaded](), Lock()


def _loaded(job: Job) -> _Loaded:
    """Loaded and checked by whichever thread comes first; only a good worker's model is kept."""
    key = repr((job.model, job.limits, job.identity, job.self_test, job.schemes, job.samples, job.folder))
    with _loading:
        if (loaded := _ready_models.pop(key, None)) is None:
            loaded = _load(job)
        if loaded.refused:
            _pipeline.cache_clear()
        else:
            _ready_models[key] = loaded
        while len(_ready_models) > RUNS:
            _ready_models.popitem(last=False)
        return loaded


def _load(job: Job) -> _Loaded:
    try:
        for scheme in job.schemes:
            remote.check_scheme(scheme)
        pipeline = _pipeline(job.model, job.limits)
        self_test = pipeline.self_test()
        refused = list(_objections(pipeline, job, self_test))
    except EdgectError as error:
        return _Loaded(refused=[str(error)])
    return _Loaded(pipeline, refused, self_test == job.self_test)


@lru_cache(maxsize=RUNS)
def _pipeline(model: tuple[tuple[str, Any], ...], limits: Limits) -> Pipeline:
    import cv2

    cv2.setNumThreads(1)  # a file has its thread already
    # identifiers as they are: names for them are made where the salt is kept
    return Pipeline(**dict(model), threads=_threads(), many=True, limits=limits, include_identifiers=True)


def _objections(pipeline: Pipeline, job: Job, self_test: golden.Summary) -> Iterator[str]:
    """Why a worker is refused, a phrase each."""
    yield from identity.differences(identity.identity(pipeline), job.identity)
    if job.samples and not any(fingerprint(job.folder, path) == digest for path, digest in job.samples):
        first = _absolute(job.folder, job.samples[0][0])
        yield f"{first} and others are not there as they are here: is it storage that all machines share?"
    if golden.is_stored(pipeline.bundle):
        engine = pipeline.engine
        for difference in golden.differences(pipeline.bundle, engine.backend, engine.precision, self_test):
            yield f"its answer to the golden slice is wrong: {difference}"
        for difference in golden.preparation(pipeline.bundle):
            yield f"it prepares the golden slice otherwise: {difference}"
    elif self_test != job.self_test:
        yield "its answer to a black slice is another, and the bundle has no golden one to judge by"


def _threads() -> int:
    from distributed import get_worker

    return int(get_worker().state.nthreads)

"""A candidate: one backend with one precision, and the calls that are timed of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.classifier import Classifier
from edgect.diagnostics.benchmark import fresh
from edgect.model import backends
from edgect.model.backends import Engine
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.rows.prediction import Prediction
from edgect.scans import read_bytes, read_frames

CALLS = 10  # timed ones of a turn

Name = tuple[str, str]  # backend, precision


class Latency(NamedTuple):
    """Seconds of the network alone, and from a file to its answer."""

    network: float
    answer: float


class Candidate:
    """Loaded as `edgect classify` loads it. Raises what Classifier does."""

    def __init__(self, backend: str, precision: str, model: str, threads: int | None) -> None:
        self.name: Name = (backend, precision)
        self._classifier = Classifier(model, backend, precision, threads, gate=False)  # invented slices too
        self._session = backends.load(backend, self.bundle, precision, threads)
        self._options = ["--model", model, "--backend", backend, "--precision", precision]
        self._options += [] if threads is None else ["--threads", str(threads)]

    @property
    def bundle(self) -> Bundle:
        return self._classifier.bundle

    @property
    def engine(self) -> Engine:
        return self._session.engine

    def predictions(self, files: Sequence[str]) -> list[Prediction]:
        return list(self._classifier.classify(files))

    def latencies(self, files: Sequence[str]) -> Callable[[], list[Latency]]:
        """A turn: `CALLS` calls of each kind, behind one that does not count.

        files: they take turns too; the first frame of each is used.
        """
        preprocess = Preprocess(self.bundle.manifest.input.steps)
        images = cycle([preprocess(_first_frame(path))[0][np.newaxis] for path in files])
        paths = cycle(files)

        def turn() -> list[Latency]:
            network = [_seconds(lambda: self._session.infer(next(images))) for _ in range(1 + CALLS)]
            answer = [_seconds(lambda: self._classifier.predict(next(paths))) for _ in range(1 + CALLS)]
            return [Latency(*pair) for pair in zip(network[1:], answer[1:], strict=True)]

        return turn

    def folder(self, files: Sequence[str]) -> Callable[[], float]:
        """A turn: slices a second where all files are given at once."""

        list(self._classifier.classify(files[:2]))  # many files may be answered by a model loaded for it

        def turn() -> float:
            start = perf_counter()
            count = sum(1 for _ in self._classifier.classify(files))
            return count / (perf_counter() - start)

        return turn

    def starts(self, file: str, cache: Path) -> Callable[[], fresh.Process]:
        """A turn: `edgect classify FILE` in a fresh process. cache: for compiled models."""
        return lambda: fresh.classify([*self._options, "--", file], cache / "-".join(self.name))

    def whole_folder(self, paths: Sequence[str], cache: Path) -> fresh.Process:
        """`edgect classify PATH...` in a fresh process; some rows may be errors."""
        arguments = [*self._options, "--", *paths]
        return fresh.classify(arguments, cache / "-".join(self.name), exit_codes=(0, 1))


def _first_frame(path: str) -> NDArray[np.uint8]:
    frame = next(read_frames(read_bytes(path), path))
    if frame.error is not None:
        raise frame.error
    assert frame.pixels is not None
    return frame.pixels


def _seconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start

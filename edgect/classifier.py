"""The Python interface: load a bundle once, then classify scans with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from time import perf_counter

from edgect.errors import ScanError
from edgect.machine.in_order import in_order
from edgect.model.backends import DEFAULT_BACKEND, Engine
from edgect.model.bundles.bundle import DEFAULT, Bundle
from edgect.model.decision.labels import Decision
from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, find_scans


class Classifier:
    """A loaded model. For research use only: not a medical device.

    backend: `openvino` or `onnxruntime`. precision: `int8` or `fp32`. model: a bundled name or
    a bundle folder. threads: cores to use, all by default. operating_point: of the bundle's, whose
    threshold is used; `balanced` by default. threshold: in its place, the probability of COVID-19
    at and above which the label is COVID-19. error_rate: of conformal prediction, off by default
    (`edgect.model.decision.labels`). limits: of one file. include_identifiers: name series and
    files by their UIDs in place of salted hashes.

    gate: whether pictures unlike the slices that the network learned from are rejected. Without it, which
    is for measuring the network alone, they are classified, and `reason` says what the gate would have.

    One scan is classified with all threads at once, many with a thread for each; the results are the
    same. The engine is made ready for either when first it is needed. A process that is forked loads the
    engine anew.

    Raises UsageError (unknown backend, precision or operating point, threshold or error rate out of
    range), ModelError (the bundle is missing or damaged), EngineError (the engine is not installed, or
    failed).
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT,
        backend: str = DEFAULT_BACKEND,
        precision: str = "int8",
        threads: int | None = None,
        threshold: float | None = None,
        *,
        operating_point: str | None = None,
        limits: Limits | None = None,
        include_identifiers: bool = False,
        error_rate: float | None = None,
        gate: bool = True,
    ) -> None:
        self._pipeline = Pipeline(
            model,
            backend,
            precision,
            threads,
            threshold,
            operating_point=operating_point,
            limits=limits,
            include_identifiers=include_identifiers,
            error_rate=error_rate,
            gate=gate,
        )

    @property
    def bundle(self) -> Bundle:
        return self._pipeline.bundle

    @property
    def engine(self) -> Engine:
        return self._pipeline.engine

    @property
    def decision(self) -> Decision:
        """How a probability becomes a label."""
        return self._pipeline.decision

    @property
    def threshold(self) -> float:
        """Probability of COVID-19 at and above which the label is COVID-19."""
        return self._pipeline.threshold

    def predict(self, path: str | os.PathLike[str], evidence: bool = False) -> Prediction:
        """Classify one file that holds one slice; for a file that cannot be classified, `reason` says why.

        A file of several frames gets status `error`: `classify` gives each its row.
        """
        name, start = os.fspath(path), perf_counter()
        first = next(self.classify_file(name, evidence))
        if first.frame is None:
            return first
        return self._pipeline.failure(
            name, ScanError("holds several frames; classify() answers on each"), first.sha256, start
        )

    def classify(
        self, paths: Iterable[str | os.PathLike[str]], evidence: bool = False
    ) -> Iterator[Prediction]:
        """Classify files and folders, one result per slice as it is known, in input order.

        Several files are under way at once, and a bounded number; closing the iterator ends that.
        Bad files give results of status `error` or `rejected`. Raises UsageError for a missing
        path, or where nothing looks like an image.
        """
        files = find_scans(paths)
        many = len(files) > 1
        work = partial(self._pipeline.classify_file, evidence=evidence, many=many)
        with closing(in_order(work, files, self._pipeline.parallel_files(many))) as results:
            for _, predictions in results:
                yield from predictions

    def classify_file(self, path: str, evidence: bool = False) -> Iterator[Prediction]:
        """Classify every frame of one file; a frame that the engine fails on gets status `error`."""
        return self._pipeline.classify_file(path, evidence)

    def classify_content(self, content: bytes, name: str, evidence: bool = False) -> Iterator[Prediction]:
        """As `classify_file`, of a file that is in memory and may never have been on a disk.

        name: for the column `path`; its suffix says what damaged content was meant to be.
        """
        return self._pipeline.classify_content(content, name, evidence)

"""From a file's content to its rows: read, gate, prepare, infer, decide."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError, ScanError
from edgect.machine.version import __version__
from edgect.model import backends
from edgect.model.backends import Session
from edgect.model.backends.forked import each_at_work, forks
from edgect.model.bundles.bundle import DEFAULT, Bundle
from edgect.model.conformance import golden
from edgect.model.decision.labels import Decision
from edgect.model.decision.log_odds import evidence_map, to_probability
from edgect.model.decision.out_of_distribution import (
    OutOfDistributionDetector,
    lung_view,
    no_lungs_rejection,
    picture_rejection,
)
from edgect.model.preprocess.steps import Preprocess
from edgect.rows.columns import PROVENANCE_COLUMNS
from edgect.rows.identifiers import Identifiers
from edgect.rows.prediction import Prediction
from edgect.scans import Frame, Limits, Window, check_length, read_bytes, read_frames

if TYPE_CHECKING:
    from edgect.model.backends.choice import Choice


class Pipeline:
    """A loaded model with all that lies between a file and its rows.

    The arguments are those of `edgect.Classifier`, and many: whether many files are to come, for which the
    engine is made ready now rather than with the first of them. choice: of the engine, where that was `auto`.

    Raises UsageError, ModelError, EngineError.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Bundle = DEFAULT,
        backend: str = backends.DEFAULT_BACKEND,
        precision: str = "int8",
        threads: int | None = None,
        threshold: float | None = None,
        operating_point: str | None = None,
        limits: Limits | None = None,
        include_identifiers: bool = False,
        error_rate: float | None = None,
        gate: bool = True,
        many: bool = False,
        trusted_keys: str | os.PathLike[str] | None = None,
        require_signature: bool = False,
    ) -> None:
        self.bundle = (
            model
            if isinstance(model, Bundle)
            else Bundle.load(model, trusted_keys=trusted_keys, require_signature=require_signature)
        )
        self.decision = Decision.from_manifest(self.bundle.manifest, operating_point, threshold, error_rate)
        self.identifiers = Identifiers(include_identifiers)
        self._detector, self._rejecting = OutOfDistributionDetector.load(self.bundle), gate
        self.limits = limits or Limits()
        self._window = Window(self.bundle.manifest.window.level, self.bundle.manifest.window.width)
        self._preprocess = Preprocess(self.bundle.manifest.input.steps)
        self._threads = backends.available_cores() if threads is None else threads
        # of one engine for both kinds of job, so that all rows of a pipeline are of the same
        self.choice: Choice | None = None
        if backend == backends.AUTO:
            from edgect.model.backends.choice import choose

            self.choice = choose(self.bundle, precision, self._threads, self._threads if many else 1)
            backend = self.choice.backend
        self._load = partial(backends.load, backend, self.bundle, precision, self._threads)
        # by the forks before them, which no model outlasts, nor a lock that was taken; then by their streams
        self._sessions: dict[int, dict[int, Session]] = {}
        self._loading: dict[int, Lock] = {}
        self.engine = self._session(many).engine

    @property
    def threshold(self) -> float:
        """Probability of COVID-19 at and above which the label is COVID-19."""
        return self.decision.threshold

    def row_settings(self) -> dict[str, str | int | float | None]:
        """The columns that are alike in all rows of this pipeline, and differ where another's settings do.

        `names` is empty in rows of pictures.
        """
        row = self._failure("", Frame(None, None), ScanError(""), "", 0.0).row()
        return {name: row[name] for name in PROVENANCE_COLUMNS} | {"names": self.identifiers.kind}

    def failure(
        self, name: str, error: ScanError, sha256: str = "", start: float | None = None
    ) -> Prediction:
        """The one row of a whole file that cannot be classified. start: when that began, now by default."""
        return self._failure(
            name, Frame(None, None), error, sha256, perf_counter() if start is None else start
        )

    def self_test(self) -> golden.Summary:
        """The output of the engine, as it is loaded, for the bundle's golden slice.

        Raises EngineError, ModelError.
        """
        loaded = self._sessions.get(forks()) or {1: self._session(many=False)}
        return golden.answer(self.bundle, next(iter(loaded.values())))

    def parallel_files(self, many: bool) -> int:
        """How many threads may call `classify_file` at once without waiting for each other."""
        return self._session(many).streams

    def classify_file(self, path: str, evidence: bool = False, many: bool = False) -> Iterator[Prediction]:
        """Classify every frame of one file; a frame that the engine fails on gets status `error`.

        many: as one of many files, each of which one of the caller's threads classifies.
        """
        start = perf_counter()
        try:
            content = read_bytes(path, self.limits)
        except ScanError as error:
            yield self._failure(path, Frame(None, None), error, "", start)
            return
        yield from each_at_work(self._classify_content(content, path, start, evidence, many))

    def classify_content(
        self, content: bytes, name: str, evidence: bool = False, many: bool = False
    ) -> Iterator[Prediction]:
        """As `classify_file`, of a file that is in memory and may never have been on a disk.

        name: for the column `path`; its suffix says what damaged content was meant to be.
        """
        start = perf_counter()
        try:
            check_length(len(content), self.limits)
        except ScanError as error:
            yield self._failure(name, Frame(None, None), error, "", start)
            return
        yield from each_at_work(self._classify_content(content, name, start, evidence, many))

    def _classify_content(
        self, content: bytes, name: str, start: float, evidence: bool, many: bool
    ) -> Iterator[Prediction]:
        digest = hashlib.sha256(content).hexdigest()
        session = self._session(many)
        for frame in read_frames(content, name, self.limits, self._window):
            if frame.pixels is None:
                assert frame.error is not None
                yield self._failure(name, frame, frame.error, digest, start)
            else:
                prediction = self._classify_frame(session, name, frame, frame.pixels, digest, start, evidence)
                if evidence:
                    prediction = replace(prediction, pixels=frame.pixels, hounsfield=frame.hounsfield)
                yield prediction
            start = perf_counter()

    def _session(self, many: bool) -> Session:
        streams, process = self._threads if many else 1, forks()
        with self._loading.setdefault(process, Lock()):
            sessions = self._sessions.setdefault(process, {})
            if streams not in sessions:
                sessions[streams] = self._load(streams)
            return sessions[streams]

    def _classify_frame(
        self,
        session: Session,
        path: str,
        frame: Frame,
        pixels: NDArray[np.uint8],
        digest: str,
        start: float,
        evidence: bool,
    ) -> Prediction:
        refused = picture_rejection(frame, pixels)
        if refused and self._rejecting:
            return self._failure(path, frame, refused, digest, start)
        image, placement = self._preprocess(pixels)
        view = lung_view(pixels, image, placement.region, self._preprocess.crops_to_lungs)
        if view is None and self._rejecting:
            return self._failure(path, frame, no_lungs_rejection(), digest, start)
        try:
            outputs = session.infer(image[np.newaxis])
        except EngineError as failure:
            return self._failure(path, frame, ScanError(str(failure)), digest, start)
        log_odds = float(outputs.logits[0, 1]) - float(outputs.logits[0, 0])
        if not np.isfinite(log_odds):
            error = ScanError(f"{self.engine.backend} gave a result that is not a number")
            return self._failure(path, frame, error, digest, start)
        distance = self._detector.embedding.distance(outputs.embedding[0])
        refused = refused or (
            no_lungs_rejection() if view is None else self._detector.rejection(distance, view)
        )
        if refused and self._rejecting:
            return self._failure(path, frame, refused, digest, start, distance)
        probability = to_probability(log_odds / self.bundle.manifest.temperature)
        extra: dict[str, Any] = {}
        if evidence:
            extra = {"evidence": placement.to_slice(evidence_map(outputs, log_odds))}
        return Prediction(
            path=path,
            status="ok",
            label=self.decision.label(probability),
            probability=probability,
            reason=str(refused) if refused else self.decision.reason(probability),
            region=placement.region,
            **self._common_columns(frame, digest, start, distance),
            **extra,
        )

    def _failure(
        self,
        path: str,
        frame: Frame,
        error: ScanError,
        digest: str,
        start: float,
        distance: float | None = None,
    ) -> Prediction:
        return Prediction(
            path=path,
            status=error.status,
            label="",
            probability=None,
            reason=str(error),
            region="",
            **self._common_columns(frame, digest, start, distance),
        )

    def _common_columns(
        self, frame: Frame, digest: str, start: float, distance: float | None
    ) -> dict[str, Any]:
        return {
            "frame": frame.index,
            "model": self.bundle.name,
            "bundle": self.bundle.digest[:12],
            "backend": self.engine.backend,
            "engine": self.engine.version,
            "precision": self.engine.precision,
            "threads": self.engine.threads,
            "threshold": self.decision.threshold,
            "milliseconds": round((perf_counter() - start) * 1000, 2),
            "sha256": digest,
            "edgect": __version__,
            "operating_point": self.decision.operating_point,
            "error_rate": self.decision.error_rate,
            "distance": None if distance is None else round(distance, 3),
            **self._origin_columns(frame),
        }

    def _origin_columns(self, frame: Frame) -> dict[str, Any]:
        if frame.origin is None:
            return {}
        normal = frame.origin.normal
        return {
            "study": self.identifiers.name(frame.origin.study),
            "series": self.identifiers.name(frame.origin.series),
            "instance": self.identifiers.name(frame.origin.instance),
            "names": self.identifiers.kind,
            "position": frame.origin.position,
            "normal": "" if normal is None else " ".join(f"{part:z.6f}" for part in normal),
            "window": f"{self._window.level:g}/{self._window.width:g}",
            "series_number": frame.origin.series_number,
            "series_description": frame.origin.series_description,
            "kernel": frame.origin.kernel,
        }

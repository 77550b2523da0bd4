"""The Python interface: load a bundle once, then ask it about scans."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from threading import Lock
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError, ScanError
from edgect.machine.in_order import in_order
from edgect.model import backends
from edgect.model.backends import Session
from edgect.model.backends.forked import forks
from edgect.model.bundles.bundle import DEFAULT, Bundle
from edgect.model.conformance import golden
from edgect.model.decision import out_of_distribution as gate
from edgect.model.decision.labels import Decision
from edgect.model.decision.log_odds import evidence_by_place, to_probability
from edgect.model.decision.out_of_distribution import Gate
from edgect.model.preprocess.steps import Preprocess
from edgect.rows.identifiers import Identifiers
from edgect.rows.prediction import SETTINGS, Prediction
from edgect.scans import Frame, Limits, Window, check_length, find_scans, read_bytes, read_frames


class Classifier:
    """A loaded model. For research use only: not a medical device.

    backend: `openvino` or `onnxruntime`. precision: `int8` or `fp32`. model: a bundled name or
    a bundle folder. threads: cores to use, all by default. operating_point: of the bundle's, whose
    threshold is used; `balanced` by default. threshold: in its place, the probability of COVID-19
    at and above which the label is COVID-19. error_rate: of an indeterminate band, none by default
    (`edgect.model.decision.labels`). limits: of one file. include_identifiers: name series and
    files by their UIDs in place of salted hashes.

    gate: whether pictures unlike the slices that the network learned from are rejected. Without it, which
    is for measuring the network alone, they are answered, and `reason` says what the gate would have.

    One scan is answered with all threads at once, many with a thread for each; the answers are the
    same. The engine is made ready for either when first it is needed. many: which to begin with;
    the first file of `classify` comes sooner if it is set. A process that is forked loads the engine anew.

    Raises UsageError (unknown backend, precision or operating point, threshold or error rate out of
    range), ModelError (the bundle is missing or damaged), EngineError (the engine is not installed, or
    failed).
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT,
        backend: str = backends.DEFAULT_BACKEND,
        precision: str = "int8",
        threads: int | None = None,
        threshold: float | None = None,
        many: bool = False,
        operating_point: str | None = None,
        limits: Limits | None = None,
        include_identifiers: bool = False,
        error_rate: float | None = None,
        gate: bool = True,
    ) -> None:
        self.bundle = Bundle.load(model)
        self.decision = Decision.of(self.bundle.manifest, operating_point, threshold, error_rate)
        self.identifiers = Identifiers(include_identifiers)
        self._gate, self._gated = Gate.of(self.bundle), gate
        self._limits = limits or Limits()
        self._window = Window(self.bundle.manifest.window.level, self.bundle.manifest.window.width)
        self._preprocess = Preprocess(self.bundle.manifest.input.steps)
        self._threads = backends.available_cores() if threads is None else threads
        self._load = partial(backends.load, backend, self.bundle, precision, self._threads)
        # by the forks before them, which no model outlasts, nor a lock that was taken; then by their streams
        self._sessions: dict[int, dict[int, Session]] = {}
        self._loading: dict[int, Lock] = {}
        self.engine = self._session(many).engine

    def predict(self, path: str | os.PathLike[str], evidence: bool = False) -> Prediction:
        """Classify one file that holds one slice; a file that cannot be answered on says so itself.

        A file of several frames gets status `error`: `classify` gives each its row.
        """
        name, start = os.fspath(path), perf_counter()
        first = next(self.classify_file(name, evidence))
        if first.frame is None:
            return first
        error = ScanError("holds several frames; classify() answers on each")
        return self._unanswered(name, Frame(None, None), error, first.sha256, start)

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
        answer = partial(self.classify_file, evidence=evidence, many=many)
        with closing(in_order(answer, files, self.at_once(many))) as answers:
            for _, found in answers:
                yield from found

    @property
    def threshold(self) -> float:
        """Probability of COVID-19 at and above which the label is COVID-19."""
        return self.decision.threshold

    def settings(self) -> dict[str, str | int | float | None]:
        """The columns in which every answer of this classifier is alike, and others' are not.

        `names` is empty in answers on pictures.
        """
        row = self._unanswered("", Frame(None, None), ScanError(""), "", 0.0).row()
        return {name: row[name] for name in SETTINGS} | {"names": self.identifiers.kind}

    def unanswered(self, name: str, error: ScanError) -> Prediction:
        """The one row about a file whose content could not be had."""
        return self._unanswered(name, Frame(None, None), error, "", perf_counter())

    def golden_answer(self) -> golden.Summary:
        """What the engine, as it is loaded, answers to the bundle's golden slice.

        Raises EngineError, ModelError.
        """
        loaded = self._sessions.get(forks()) or {1: self._session(many=False)}
        return golden.answer(self.bundle, next(iter(loaded.values())))

    def at_once(self, many: bool) -> int:
        """How many threads may call `classify_file` without one waiting for another."""
        return self._session(many).streams

    def classify_file(self, path: str, evidence: bool = False, many: bool = False) -> Iterator[Prediction]:
        """Classify every frame of one file; a frame that the engine fails on gets status `error`.

        many: as one of many files, of which each thread of the caller's may take one.
        """
        start = perf_counter()
        try:
            content = read_bytes(path, self._limits)
        except ScanError as error:
            yield self._unanswered(path, Frame(None, None), error, "", start)
            return
        yield from self._classify_content(content, path, start, evidence, many)

    def classify_content(
        self, content: bytes, name: str, evidence: bool = False, many: bool = False
    ) -> Iterator[Prediction]:
        """As `classify_file`, of a file that is in memory and may never have been on a disk.

        name: for the column `path`; its suffix says what damaged content was meant to be.
        """
        start = perf_counter()
        try:
            check_length(len(content), self._limits)
        except ScanError as error:
            yield self._unanswered(name, Frame(None, None), error, "", start)
            return
        yield from self._classify_content(content, name, start, evidence, many)

    def _classify_content(
        self, content: bytes, name: str, start: float, evidence: bool, many: bool
    ) -> Iterator[Prediction]:
        digest = hashlib.sha256(content).hexdigest()
        session = self._session(many)
        for frame in read_frames(content, name, self._limits, self._window):
            if frame.pixels is None:
                assert frame.error is not None
                yield self._unanswered(name, frame, frame.error, digest, start)
            else:
                yield self._answer(session, name, frame, frame.pixels, digest, start, evidence)
            start = perf_counter()

    def _session(self, many: bool) -> Session:
        streams, process = self._threads if many else 1, forks()
        with self._loading.setdefault(process, Lock()):
            sessions = self._sessions.setdefault(process, {})
            if streams not in sessions:
                sessions[streams] = self._load(streams)
            return sessions[streams]

    def _answer(
        self,
        session: Session,
        path: str,
        frame: Frame,
        pixels: NDArray[np.uint8],
        digest: str,
        start: float,
        evidence: bool,
    ) -> Prediction:
        refused = gate.check(frame, pixels)
        if refused and self._gated:
            return self._unanswered(path, frame, refused, digest, start)
        image, placement = self._preprocess(pixels)
        view = gate.view(pixels, image, placement.region, self._preprocess.crops_to_lungs)
        if view is None and self._gated:
            return self._unanswered(path, frame, gate.no_lungs(), digest, start)
        try:
            outputs = session.infer(image[np.newaxis])
        except EngineError as failure:
            return self._unanswered(path, frame, ScanError(str(failure)), digest, start)
        log_odds = float(outputs.logits[0, 1]) - float(outputs.logits[0, 0])
        if not np.isfinite(log_odds):
            error = ScanError(f"{self.engine.backend} gave a result that is not a number")
            return self._unanswered(path, frame, error, digest, start)
        distance = self._gate.embedding.distance(outputs.embedding[0])
        refused = refused or (gate.no_lungs() if view is None else self._gate.judge(distance, view))
        if refused and self._gated:
            return self._unanswered(path, frame, refused, digest, start, distance)
        probability = to_probability(log_odds / self.bundle.manifest.temperature)
        extra: dict[str, Any] = {}
        if evidence:
            extra = {"pixels": pixels, "evidence": placement.to_slice(evidence_by_place(outputs, log_odds))}
        return Prediction(
            path=path,
            status="ok",
            label=self.decision.label(probability),
            probability=probability,
            reason=str(refused) if refused else self.decision.reason(probability),
            region=placement.region,
            **self._circumstances(frame, digest, start, distance),
            **extra,
        )

    def _unanswered(
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
            **self._circumstances(frame, digest, start, distance),
        )

    def _circumstances(
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
            "operating_point": self.decision.point,
            "error_rate": self.decision.error_rate,
            "distance": None if distance is None else round(distance, 3),
            **self._origin(frame),
        }

    def _origin(self, frame: Frame) -> dict[str, Any]:
        if frame.origin is None:
            return {}
        normal = frame.origin.normal
        return {
            "series": self.identifiers.name(frame.origin.series),
            "instance": self.identifiers.name(frame.origin.instance),
            "names": self.identifiers.kind,
            "position": frame.origin.position,
            "normal": "" if normal is None else " ".join(f"{part:z.6f}" for part in normal),
            "window": f"{self._window.level:g}/{self._window.width:g}",
        }

"""Labelled slices as one bundle sees them: what its detector looks at, and what its network puts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError, ScanError, Status
from edgect.machine.in_order import in_order
from edgect.model.backends import Outputs, Session
from edgect.model.bundles.bundle import Bundle
from edgect.model.decision.out_of_distribution import (
    VIEW,
    View,
    lung_view,
    no_lungs_rejection,
    picture_rejection,
)
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import Frame, Limits, Window, read_bytes, read_frames
from edgect.sources.labels import Case


@dataclass(frozen=True)
class SliceFeatures:
    """Every frame of every file, n of them, in the order of the files.

    cases: of each frame. units: the patient of each, or the block of neighbours that stands for one.
    statuses: `ok` where the network was asked; `rejected` (no CT slice, or no lungs) and `error` otherwise,
    with `reasons`, which are empty where it was. views: uint8 `[n, p]`, embeddings: float32 `[n, d]`,
    logits: float32 `[n, 2]` (not COVID-19, COVID-19), all 0 where the network was not asked.
    """

    cases: Sequence[Case]
    units: NDArray[np.str_]
    statuses: Sequence[Status]
    reasons: Sequence[str]
    views: NDArray[np.uint8]
    embeddings: NDArray[np.float32]
    logits: NDArray[np.float32]

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Whether the network was asked, bool `[n]`."""
        return np.array([status == "ok" for status in self.statuses], bool)

    @property
    def labels(self) -> NDArray[np.bool_]:
        """Whether it is COVID-19, bool `[n]`."""
        return np.array([case.label == 1 for case in self.cases], bool)

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """Of COVID-19, as the bundle's own head gives them, before the temperature: float64 `[n]`."""
        logits = self.logits.astype(np.float64)
        return np.asarray(logits[:, 1] - logits[:, 0])

    def where(self, chosen: NDArray[np.bool_]) -> SliceFeatures:
        """Some of the frames. chosen: bool `[n]`."""
        return SliceFeatures(
            list(compress(self.cases, chosen)),
            self.units[chosen],
            list(compress(self.statuses, chosen)),
            list(compress(self.reasons, chosen)),
            self.views[chosen],
            self.embeddings[chosen],
            self.logits[chosen],
        )


class _Seen(NamedTuple):
    """Of one frame. view and outputs: None where the network was not asked."""

    status: Status
    reason: str
    view: View | None = None
    outputs: Outputs | None = None


def read_features(
    bundle: Bundle,
    session: Session,
    cases: Sequence[Case],
    units: Mapping[str, str],
    limits: Limits | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> SliceFeatures:
    """Ask a bundle's network about all frames of all files, in as many threads as the session has streams.

    units: by path of a file. progress: called with the files that are done and all.
    """
    reader = _Reader(bundle, session, limits or Limits())
    owners: list[Case] = []
    seen: list[_Seen] = []
    progress = progress or (lambda *_: None)
    progress(0, len(cases))
    with closing(in_order(reader.frames, cases, session.streams)) as results:
        for done, (case, frames) in enumerate(results, 1):
            for frame in frames:
                owners.append(case)
                seen.append(frame)
            progress(done, len(cases))
    return _stacked(owners, seen, units)


class _Reader:
    def __init__(self, bundle: Bundle, session: Session, limits: Limits) -> None:
        window = bundle.manifest.window
        self._session, self._limits = session, limits
        self._window = Window(window.level, window.width)
        self._preprocess = Preprocess(bundle.manifest.input.steps)

    def frames(self, case: Case) -> Iterator[_Seen]:
        try:
            content = read_bytes(case.path, self._limits)
        except ScanError as error:
            yield _Seen(error.status, str(error))
            return
        for frame in read_frames(content, case.path, self._limits, self._window):
            yield self._frame(frame)

    def _frame(self, frame: Frame) -> _Seen:
        """As a pipeline judges it, up to the distances."""
        if frame.pixels is None:
            assert frame.error is not None
            return _Seen(frame.error.status, str(frame.error))
        refused = picture_rejection(frame, frame.pixels)
        if refused is not None:
            return _Seen(refused.status, str(refused))
        image, placement = self._preprocess(frame.pixels)
        view = lung_view(frame.pixels, image, placement.region, self._preprocess.crops_to_lungs)
        if view is None:
            refused = no_lungs_rejection()
            return _Seen(refused.status, str(refused))
        try:
            outputs = self._session.infer(image[np.newaxis])
        except EngineError as failure:
            return _Seen("error", str(failure))
        if not (np.isfinite(outputs.logits).all() and np.isfinite(outputs.embedding).all()):
            return _Seen("error", f"{self._session.engine.backend} gave a result that is not a number")
        return _Seen("ok", "", view, outputs)


def _stacked(cases: Sequence[Case], seen: Sequence[_Seen], units: Mapping[str, str]) -> SliceFeatures:
    asked = [(n, frame.view, frame.outputs) for n, frame in enumerate(seen)]
    width = next((o.embedding.shape[1] for _, _, o in asked if o is not None), 0)
    views = np.zeros((len(seen), VIEW[0] * VIEW[1]), np.uint8)
    embeddings, logits = np.zeros((len(seen), width), np.float32), np.zeros((len(seen), 2), np.float32)
    for n, view, outputs in asked:
        if view is not None and outputs is not None:
            views[n], embeddings[n], logits[n] = view.ravel(), outputs.embedding[0], outputs.logits[0]
    return SliceFeatures(
        cases,
        np.array([units[case.path] for case in cases], np.str_),
        [frame.status for frame in seen],
        [frame.reason for frame in seen],
        views,
        embeddings,
        logits,
    )

"""What a bundle answers to one slice that travels in it, so that an engine that computes otherwise shows.

As a script, `python -m edgect.model.conformance.golden BUNDLE BACKEND`: what an engine answers here, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgect.errors import ModelError
from edgect.model import backends
from edgect.model.backends import PRECISIONS, Outputs, Session
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.manifest import GoldenAnswers

if TYPE_CHECKING:
    from edgect.scans import Frame

SLICE = "golden.png"  # invented: no patient's
INPUT = "golden-input.png"  # what pre-processing makes of it
FEATURES = 16  # that the embedding is summed up in
# Grey levels between a prepared slice and INPUT: OpenCV rounds otherwise on other CPUs and in other versions.
# What it enlarges, such as the lungs of the golden slice, is off by 0.13 on average on ARM64, and 1 at most.
LARGEST, MEAN = 2, 0.2

Summary = dict[str, list[float]]


def summary(outputs: Outputs, temperature: float) -> Summary:
    """What answers are compared by, for a batch of 1.

    log_odds: of COVID-19, divided by the temperature. cam: the mean of each quadrant of both activation maps,
    8 values. embedding: the means of 16 runs of neighbouring features.
    """
    logits = outputs.logits[0].astype(np.float64)
    halves = [
        half for rows in np.array_split(outputs.cam[0], 2, axis=1) for half in np.array_split(rows, 2, axis=2)
    ]
    return {
        "log_odds": [float(logits[1] - logits[0]) / temperature],
        "cam": [float(value) for half in halves for value in half.mean((1, 2), np.float64)],
        "embedding": [
            float(run.mean(dtype=np.float64)) for run in np.array_split(outputs.embedding[0], FEATURES)
        ],
    }


def rounded(summary: Summary) -> Summary:
    """To the 7 digits that a manifest has."""
    return {output: [float(f"{value:.7g}") for value in values] for output, values in summary.items()}


def outputs(bundle: Bundle, session: Session) -> Outputs:
    """The network's, to INPUT or to black where the bundle has none. Raises EngineError, ModelError."""
    shape = bundle.manifest.input.shape[1:]
    image = _pixels(bundle, INPUT) if is_stored(bundle) else np.zeros(shape, np.uint8)
    return session.infer(image[np.newaxis, np.newaxis])


def answer(bundle: Bundle, session: Session) -> Summary:
    """The summary of `outputs`. Raises EngineError, ModelError."""
    return summary(outputs(bundle, session), bundle.manifest.temperature)


def differences(
    bundle: Bundle, backend: str, precision: str, computed: Mapping[str, Sequence[float]]
) -> list[str]:
    """What is not as the bundle has it, a phrase each. Raises ModelError where it has no answers.

    A backend that the bundle's answers were taken without is held to those of the nearest one that it has.
    """
    stored = _golden(bundle)
    known = backend in {name.split()[0] for name in stored.answers}
    names = [f"{backend} {precision}"] if known else list(stored.answers)
    try:
        by_engine = [
            _beyond_tolerance(computed, stored.answers[name], stored.tolerance[name])
            for name in names
            if name.endswith(f" {precision}")
        ]
    except KeyError as error:
        raise ModelError(f"{bundle.path}: its golden answers lack {error}") from error
    if not by_engine:
        raise ModelError(f"{bundle.path}: it has no golden answers at precision {precision}")
    return min(by_engine, key=len)


def _beyond_tolerance(
    computed: Mapping[str, Sequence[float]],
    expected: Mapping[str, Sequence[float]],
    tolerance: Mapping[str, float],
) -> list[str]:
    off = {name: _furthest(computed[name], expected[name]) for name in expected}
    return [
        f"{name} is off by {difference:.2g} (up to {tolerance[name]:.2g} is rounding)"
        for name, difference in off.items()
        if not difference <= tolerance[name]  # nor is NaN
    ]


def preparation(bundle: Bundle) -> list[str]:
    """How far decoding and pre-processing depart from what the bundle has; nothing where they do not."""
    from edgect.model.preprocess.steps import Preprocess

    stored = _golden(bundle)
    for name in (SLICE, INPUT):
        if hashlib.sha256(_pixels(bundle, name).tobytes()).hexdigest() != stored.pixels.get(name):
            return [f"{name} is decoded to other pixels"]
    prepared = Preprocess(bundle.manifest.input.steps)(_pixels(bundle, SLICE))[0][0]
    expected = _pixels(bundle, INPUT)
    if prepared.shape != expected.shape:
        return [f"the network's input is {prepared.shape}, not {expected.shape}"]
    off = np.abs(prepared.astype(np.int16) - expected)
    if off.max() <= LARGEST and off.mean() <= MEAN:
        return []
    return [f"the network's input is off by {off.mean():.2g} grey levels, {off.max()} at most"]


def is_stored(bundle: Bundle) -> bool:
    """Whether the bundle has a golden slice: those made before there was one have none."""
    return INPUT in bundle.manifest.files


def _golden(bundle: Bundle) -> GoldenAnswers:
    if bundle.manifest.golden is None:
        raise ModelError(f"{bundle.path}: it has no golden answers")
    return bundle.manifest.golden


def _furthest(values: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference; NaN where one is, or where they are not as many."""
    if len(values) != len(expected):
        return float("nan")
    return float(np.abs(np.subtract(values, expected)).max())


def _pixels(bundle: Bundle, name: str) -> NDArray[np.uint8]:
    from edgect.scans import read_frames

    frame: Frame = next(iter(read_frames(bundle.read(name), name)))
    if frame.pixels is None:
        raise ModelError(f"{bundle.path / name}: {frame.error}")
    return frame.pixels


def main(bundle: str, backend: str) -> None:
    loaded = Bundle.load(bundle, unfinished=True)  # `deploy` asks before it finishes a bundle
    sessions = {precision: backends.load(backend, loaded, precision) for precision in PRECISIONS}
    print(json.dumps({precision: answer(loaded, session) for precision, session in sessions.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

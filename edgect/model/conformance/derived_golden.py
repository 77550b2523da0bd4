"""What a bundle that was derived from another answers to the golden slice, and how far others may be off."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from edgect.errors import EngineError, ModelError
from edgect.machine.processor import instruction_sets
from edgect.model import backends
from edgect.model.backends import BACKENDS, PRECISIONS, Outputs
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.head import Head, read_head
from edgect.model.bundles.manifest import GoldenAnswers
from edgect.model.conformance import golden

CLOSE = 1e-4  # of logits to the head's, as a share of the most that is summed up in them

# How many times as far apart as with the parent's head engines may be: twice covers 2,000 random heads of
# each bundled model.
MARGIN = 4

ByEngine = Mapping[str, Outputs]  # by `BACKEND PRECISION`


def infer(bundle: Bundle) -> ByEngine:
    """The golden input's outputs, by every engine that is installed, in every precision.

    Raises EngineError where an installed engine fails, or none is installed.
    """
    outputs = {}
    for backend in BACKENDS:
        if backend in bundle.manifest.refused_backends:
            continue
        try:
            for precision in PRECISIONS:
                session = backends.load(backend, bundle, precision)
                outputs[f"{backend} {precision}"] = golden.outputs(bundle, session)
        except EngineError as error:
            if not isinstance(error.__cause__, ImportError | OSError):
                raise
    if not outputs:
        raise EngineError(f"no engine is installed to try a bundle with: install {' or '.join(BACKENDS)}")
    return outputs


def check_head(bundle: Bundle, head: Head, outputs: ByEngine) -> None:
    """Raise ModelError where logits are not what the head makes of the embedding, or of the heat map."""
    weight, bias = head.weight.astype(np.float64), head.bias.astype(np.float64)
    for engine, (logits, cam, embedding) in outputs.items():
        tolerance = CLOSE * float((np.abs(embedding) @ np.abs(weight.T) + np.abs(bias)).max())
        for output, expected in (
            ("embedding", embedding @ weight.T + bias),
            ("cam", cam.mean((2, 3), np.float64) + bias),
        ):
            off = float(np.abs(logits - expected).max())
            if not off <= tolerance:  # nor is NaN
                raise ModelError(
                    f"{bundle.name}: {engine} gives logits that are {off:.2g} off what the head makes of "
                    f"{output} (up to {tolerance:.2g} is rounding), so this bundle's head cannot be replaced"
                )


def check_answers(bundle: Bundle, outputs: ByEngine) -> None:
    """Raise ModelError where outputs are not what the bundle says."""
    for engine, output in outputs.items():
        backend, precision = engine.split()
        summary = golden.summary(output, bundle.manifest.temperature)
        if differences := golden.differences(bundle, backend, precision, summary):
            raise ModelError(
                f"{bundle.name}: {engine} does not give the golden answers: {'; '.join(differences)}. "
                "`edgect doctor` says more about the engine"
            )


def at_temperature(parent: Bundle, temperature: float) -> dict[str, Any] | None:
    """The manifest's `golden` of the same network with another temperature, by which log odds are divided."""
    if parent.manifest.golden is None:
        return None
    ratio = parent.manifest.temperature / temperature
    stored: dict[str, Any] = parent.manifest.document["golden"]
    if ratio == 1:
        return stored
    return {
        **stored,
        "answers": {
            engine: {**answer, "log_odds": [float(f"{value * ratio:.7g}") for value in answer["log_odds"]]}
            for engine, answer in stored["answers"].items()
        },
        "tolerance": {
            engine: {**tolerance, "log_odds": float(f"{tolerance['log_odds'] * ratio:.3g}")}
            for engine, tolerance in stored["tolerance"].items()
        },
    }


def with_head(parent: Bundle, head: Head, temperature: float, outputs: ByEngine) -> dict[str, Any] | None:
    """The manifest's `golden` of a bundle with another head, of its `outputs` on this machine.

    A tolerance is the parent's, scaled as the most that the head sums up: errors of the embedding are the
    parent's, and reach the answers by the weights, even where these cancel out. Where an engine of the
    parent's is not installed, it will be held to the others' answers, so that their tolerances leave room
    for it.
    """
    stored = parent.manifest.golden
    if stored is None:
        return None
    present = read_head(parent)
    answers, tolerances = {}, {}
    for engine, output in outputs.items():
        answers[engine] = golden.rounded(golden.summary(output, temperature))
        before = _most(present, output, parent.manifest.temperature)
        after = _most(head, output, temperature)
        alone = not stored.answers.keys() <= outputs.keys()
        room = _room(stored, engine, before) if alone else dict.fromkeys(before, 0.0)
        tolerances[engine] = {
            name: float(f"{(limit + room[name]) * after[name] / before[name]:.3g}")
            for name, limit in _parent_tolerance(parent, stored, engine).items()
        }
    return {
        **parent.manifest.document["golden"],
        "instruction_sets": instruction_sets(),
        "processors": list(dict.fromkeys(engine.split()[0] for engine in outputs)),
        "answers": answers,
        "tolerance": tolerances,
    }


def _most(head: Head, outputs: Outputs, temperature: float) -> dict[str, float]:
    """What each part of a golden answer can be at most by the sizes of weights and features."""
    features = np.abs(outputs.embedding[0])
    return {
        "log_odds": float(np.abs(head.weight[1] - head.weight[0]) @ features) / temperature,
        "cam": float((np.abs(head.weight) @ features).max()),
        "embedding": float(features.max()),
    }


def _room(stored: GoldenAnswers, engine: str, most: Mapping[str, float]) -> dict[str, float]:
    """For others that are held to an engine's answers, by how far the parent's are apart at its precision.

    Log odds may be close to each other by chance; heat maps, of which they are sums, tell how far.
    """
    alike = [answer for name, answer in stored.answers.items() if name.split()[1] == engine.split()[1]]
    apart = {
        name: max(
            (float(np.abs(np.subtract(a[name], b[name])).max()) for a, b in combinations(alike, 2)),
            default=0.0,
        )
        for name in most
    }
    share = max(apart[name] / most[name] for name in ("log_odds", "cam"))
    return {
        "log_odds": MARGIN * share * most["log_odds"],
        "cam": MARGIN * share * most["cam"],
        "embedding": MARGIN * apart["embedding"],
    }


def _parent_tolerance(parent: Bundle, stored: GoldenAnswers, engine: str) -> Mapping[str, float]:
    """Of the same engine; of another at the same precision where the parent was made without it."""
    precision = engine.split()[1]
    for name in (engine, *stored.tolerance):
        if name in stored.tolerance and name.endswith(f" {precision}"):
            return stored.tolerance[name]
    raise ModelError(f"{parent.path}: it has no golden answers at precision {precision}")

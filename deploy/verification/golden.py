"""The golden slice and answers of a bundle, and how far processors differ on it, for `edgect doctor`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deploy.verification.processors import (
    CAPPED,
    EMULATED_PROCESSOR,
    NATIVE,
    Processor,
    emulator_is_installed,
    usable_backends,
)
from edgect.diagnostics.benchmark import phantom
from edgect.machine.processor import instruction_sets
from edgect.model.backends import PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice

PICTURES = (golden.SLICE, golden.INPUT)
NUMBER, SIDE = 3, 256  # of the invented slice; pixels
MARGIN = 4  # how many times as far as any processor tried another may be
# And at the least, as a share of the largest value, for what was not tried: VNNI, AVX-512, ARM.
# Tried were AVX2, SSE4.1, Haswell and Nehalem emulated, OpenVINO 2025.0 and ONNX Runtime 1.20: 2e-6 at most.
# INT8 itself is 6e-3 to 2e-2 off FP32.
LEAST = {"fp32": 1e-3, "int8": 1e-2}

Summaries = Mapping[str, golden.Summary]  # by precision


def write_slices(bundle: Path, steps: Sequence[Mapping[str, Any]]) -> None:
    """Write the slice and what pre-processing makes of it into a bundle: `PICTURES`."""
    drawn = cv2.resize(phantom.draw(NUMBER), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    slice_ = np.asarray(drawn, np.uint8)
    for name, pixels in zip(PICTURES, (slice_, Preprocess(steps)(slice_)[0][0]), strict=True):
        (bundle / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def golden_answers(bundle: Bundle) -> dict[str, Any]:
    """The manifest's `golden`: digests of pixels, answers by engine and precision, and tolerances.

    An answer is this CPU's; its `instruction_sets` say which of the caps among `processors` are below it.
    A tolerance is `MARGIN` times the furthest that a capped or emulated CPU is off, and no less than
    `LEAST` of the largest value.
    """
    usable = usable_backends(bundle.manifest.document)
    native = {each.backend: _summaries(each, bundle) for each in NATIVE if each.backend in usable}
    others = [*CAPPED, *([EMULATED_PROCESSOR] if emulator_is_installed() else [])]
    other_processors = [each for each in others if each.backend in usable]
    on_others = [(processor.backend, _summaries(processor, bundle)) for processor in other_processors]
    stored: dict[str, Any] = {"answers": {}, "tolerance": {}}
    for backend, summaries in native.items():
        for precision in PRECISIONS:
            name, expected = f"{backend} {precision}", golden.rounded(summaries[precision])
            compared = [summary[precision] for processor, summary in on_others if processor == backend]
            stored["answers"][name] = expected
            stored["tolerance"][name] = {
                output: _tolerance(LEAST[precision], values, [summary[output] for summary in compared])
                for output, values in expected.items()
            }
    pixels = {n: hashlib.sha256(read_slice(bundle.path / n).tobytes()).hexdigest() for n in PICTURES}
    return {
        "pixels": pixels,
        "instruction_sets": instruction_sets(),
        "processors": [processor.name for processor in (*NATIVE, *other_processors)],
        **stored,
    }


def _tolerance(least: float, values: Sequence[float], others: Sequence[Sequence[float]]) -> float:
    off = [MARGIN * float(np.abs(np.subtract(other, values)).max()) for other in others]
    return float(f"{max(least * float(np.abs(values).max()), *off, 0.0):.3g}")


def _summaries(processor: Processor, bundle: Bundle) -> Summaries:
    summaries: Summaries = json.loads(
        processor.run(golden.__name__, str(bundle.path.resolve()), processor.backend)
    )
    return summaries

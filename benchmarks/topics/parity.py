"""INT8 answers as FP32 does, on every instruction set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Section, row_of
from benchmarks.harness import slices
from benchmarks.harness.options import Options
from benchmarks.harness.progress import step
from deploy.verification.processors import (
    CAP,
    CAPPED,
    EMULATED_CPU,
    EMULATED_PROCESSOR,
    EMULATOR,
    NATIVE,
    Processor,
    emulator_is_installed,
    probabilities,
)
from edgect.model.backends import available_cores
from edgect.model.bundles.bundle import Bundle
from edgect.statistics.beta import clopper_pearson
from edgect.statistics.intervals import interval_of_ratio

MIN_AGREEMENT = 0.99
MAX_DIFFERENCE = 0.05
MAX_ACCURACY_DIFFERENCE = 0.005


@dataclass(frozen=True)
class Parity:
    """INT8 against FP32, on `slices`. agreeing: those with the same label. accuracy: of INT8, of FP32."""

    slices: int
    agreeing: int
    difference: float
    accuracy: tuple[float, float]

    @property
    def agreement(self) -> float:
        return self.agreeing / self.slices

    @property
    def agreement_interval(self) -> tuple[float, float]:
        """Exact binomial, 95 %."""
        return clopper_pearson(self.agreeing, self.slices)

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """95 %, of the size of the difference. Of two labels, another one is right where it was wrong."""
        changed = self.slices - self.agreeing
        net = round(self.accuracy_difference * self.slices)
        changes = np.repeat([1.0, -1.0, 0.0], [(changed + net) // 2, (changed - net) // 2, self.agreeing])
        low, high = interval_of_ratio(changes, np.ones(self.slices), lowest=-1) or (-1.0, 1.0)
        return max(low, -high, 0.0), max(high, -low)

    @property
    def accuracy_difference(self) -> float:
        return round(abs(self.accuracy[0] - self.accuracy[1]), 9)  # 0.88 - 0.875 is over 0.005


def compare(
    int8: NDArray[np.float32], fp32: NDArray[np.float32], labels: NDArray[np.int64], bundle: Bundle
) -> Parity:
    """int8, fp32: logits `[n, 2]`."""
    threshold = bundle.manifest.threshold
    ours, theirs = (probabilities(logits, bundle) for logits in (int8, fp32))
    return Parity(
        slices=len(labels),
        agreeing=int(np.count_nonzero((ours >= threshold) == (theirs >= threshold))),
        difference=float(np.abs(ours - theirs).max()),
        accuracy=(_share((ours >= threshold) == labels), _share((theirs >= threshold) == labels)),
    )


def measure_parity(options: Options) -> list[Section]:
    bundles = [_Answers(name, options) for name in options.bundles]
    sources = dict.fromkeys(answers.slices.source for answers in bundles)
    how = (
        f"On {'; '.join(sources)}, every slice prepared as `edgect` does. INT8 is held against FP32 of the "
        "same engine on the same instruction set: share of equal labels, largest difference of the "
        "probability of COVID-19, difference of the accuracies in percentage points. OpenVINO is capped by "
        f"`{CAP}`. In parentheses: intervals of 95 % by the number of slices, exact binomial for labels."
    )
    with ThreadPoolExecutor(available_cores()) as pool:  # nothing is timed
        native = pool.map(lambda case: case[0].on_this_cpu(case[1]), product(bundles, (*NATIVE, *CAPPED)))
        emulated = pool.map(_Answers.emulated, bundles) if emulator_is_installed() else ()
        return [
            Section("INT8 against FP32", how, tuple(chain.from_iterable(native))),
            _emulated(tuple(chain.from_iterable(emulated)), options.sample),
        ]


def _emulated(figures: tuple[Figure, ...], sample: int) -> Section:
    title = f"INT8 on an emulated {EMULATED_CPU}, ONNX Runtime"
    if not figures:
        return Section(title, f"Not measured: there is no `{EMULATOR}` here (Debian's package qemu-user).")
    how = (
        f"The INT8 network under `{EMULATOR} -cpu {EMULATED_CPU}`, which has no VNNI and no AVX-512, on "
        f"{sample} slices, drawn evenly from those above, against FP32 on this CPU: emulated, FP32 takes "
        "many times as long as INT8, and it has nothing that saturates."
    )
    return Section(title, how, figures)


class _Answers:
    """The answers of one bundle."""

    def __init__(self, name: str, options: Options) -> None:
        self.name, self.bundle = Path(name).name, Bundle.load(name)
        self.slices = (
            slices.covid_ct(self.bundle, options.data, options.test)
            if options.data
            else slices.examples(self.bundle)
        )
        self.sample = np.linspace(0, len(self.slices.images) - 1, options.sample).astype(int)

    def on_this_cpu(self, processor: Processor) -> list[Figure]:
        images, labels = self.slices.images, self.slices.labels
        int8, fp32 = (processor.logits(self.bundle.path, p, images) for p in ("int8", "fp32"))
        return self._compared(processor, int8, fp32, labels)

    def emulated(self) -> list[Figure]:
        images, labels = self.slices.images[self.sample], self.slices.labels[self.sample]
        int8 = EMULATED_PROCESSOR.logits(self.bundle.path, "int8", images)
        fp32 = NATIVE[1].logits(self.bundle.path, "fp32", images)
        return self._compared(EMULATED_PROCESSOR, int8, fp32, labels)

    def _compared(
        self,
        processor: Processor,
        int8: NDArray[np.float32],
        fp32: NDArray[np.float32],
        labels: NDArray[np.int64],
    ) -> list[Figure]:
        case = f"{self.name}, {processor.name}"
        step(f"parity: {case}")
        return _figures(case, compare(int8, fp32, labels, self.bundle))


def _figures(case: str, parity: Parity) -> list[Figure]:
    figure = row_of(case)
    labels, accuracy = (
        [100 * end for end in ends] for ends in (parity.agreement_interval, parity.accuracy_interval)
    )
    return [
        figure(
            "equal labels",
            100 * parity.agreement,
            "%",
            at_least=100 * MIN_AGREEMENT,
            of=parity.slices,
            interval=tuple(labels),
        ),
        figure(
            "probability, largest difference", parity.difference, at_most=MAX_DIFFERENCE, of=parity.slices
        ),
        figure(
            "accuracy difference, points",
            100 * parity.accuracy_difference,
            at_most=100 * MAX_ACCURACY_DIFFERENCE,
            of=parity.slices,
            interval=tuple(accuracy),
        ),
    ]


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean())

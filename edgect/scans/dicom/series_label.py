"""What a file calls its series: by number, description and kernel, two reconstructions are told apart."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

KEYWORDS = ("SeriesNumber", "SeriesDescription", "ConvolutionKernel")
NAMES = ("PatientName", "PatientID")  # read to take them out of descriptions, and for nothing else
_LONGEST = 64  # characters, as of VR LO (PS3.5, 6.2)
_NUMBERS = range(-(2**31), 2**31)
_OMITTED = "…"


class SeriesLabel(NamedTuple):
    """number: None where there is none. description, kernel: one line each, empty where there is none."""

    number: int | None = None
    description: str = ""
    kernel: str = ""

    def __str__(self) -> str:
        number = "without a number" if self.number is None else str(self.number)
        description = f" {self.description!r}" if self.description else ""
        return f"series {number}{description}" + (f", kernel {self.kernel}" if self.kernel else "")


def series_label(dataset: Dataset) -> SeriesLabel:
    """Never raises: a file without a label that can be read has an empty one.

    A description is free text. Words of the patient's name, the patient's number, and digits that are as
    many as a date's are left out of it.
    """
    number: int | None = None
    with suppress(ValueError):
        number = int(_text(dataset, "SeriesNumber"))
        number = number if number in _NUMBERS else None  # as VR IS has them
    description = _text(dataset, "SeriesDescription")
    for name in NAMES:
        for word in re.findall(r"\w{3,}", _text(dataset, name)):
            description = re.sub(
                rf"(?<!\w){re.escape(word)}(?!\w)", _OMITTED, description, flags=re.IGNORECASE
            )
    return SeriesLabel(
        number,
        re.sub(r"\d{6,}", _OMITTED, description)[:_LONGEST],
        kernel(dataset),
    )


def kernel(group: Dataset) -> str:
    """The reconstruction kernel, of a data set or of an item of CTReconstructionSequence."""
    return _text(group, "ConvolutionKernel")[:_LONGEST]


def kernels(group: Dataset) -> list[str]:
    """Each of its values by itself."""
    return _texts(group, "ConvolutionKernel")


def _text(dataset: Dataset, keyword: str) -> str:
    """Several values with a slash between them."""
    return "/".join(_texts(dataset, keyword))


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    """Each value on one line."""
    try:
        value = dataset.get(keyword)
        parts = list(value) if isinstance(value, MultiValue) else [value]
        texts = ["" if part is None else str(part) for part in parts]
    except Exception:  # of a parser
        return []
    return [" ".join("".join(c if c.isprintable() else " " for c in text).split()) for text in texts]

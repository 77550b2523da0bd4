"""What a series is called in results, so that two reconstructions of one scan are told apart."""

from __future__ import annotations

from pydicom import Dataset

from edgect.rows.formats import printable
from edgect.scans.dicom.series_label import series_label

MARK = "RESEARCH ONLY: edgect"
_LONGEST = 64  # characters of a Series Description (DICOM PS3.5, 6.2: VR LO)


def series_name(image: Dataset, described: bool = True) -> str:
    """Number, description and convolution kernel, as far as the image has them.

    described: not in pictures, where no one can remove what a technician may have written.
    """
    label = series_label(image)
    return printable(str(label if described else label._replace(description="")))


def result_description(image: Dataset, what: str) -> str:
    """The Series Description of results on the image's series, in ASCII. what: they are."""
    label = series_label(image)
    name = f"{'?' if label.number is None else label.number} {label.kernel}".strip()
    return plain(f"{MARK} {what}, series {name}")[:_LONGEST].strip()


def plain(text: str) -> str:
    """In ASCII and without backslashes, which part values; other characters become question marks."""
    return printable(text).encode("ascii", "replace").decode().replace("\\", "/")

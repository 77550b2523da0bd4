"""What a series is called, so that two reconstructions of one scan are told apart."""

from __future__ import annotations

from pydicom import Dataset

from edgect.rows.formats import printable

MARK = "RESEARCH ONLY: edgect"
_LONGEST = 64  # characters of a Series Description (DICOM PS3.5, 6.2: VR LO)


def series_name(image: Dataset, described: bool = True) -> str:
    """Number, description and convolution kernel, as far as the image has them.

    described: not in pictures, where no one can remove what a technician may have written.
    """
    parts = [f"series {image.get('SeriesNumber') or 'without a number'}"]
    if described and (description := str(image.get("SeriesDescription") or "").strip()):
        parts.append(f'"{printable(description)}"')
    if kernel := _kernel(image):
        parts.append(f"convolution kernel {printable(kernel)}")
    return ", ".join(parts)


def result_description(image: Dataset, what: str) -> str:
    """The Series Description of results on the image's series, in ASCII. what: they are."""
    name = f"{image.get('SeriesNumber') or '?'} {_kernel(image)}".strip()
    return plain(f"{MARK} {what}, series {name}")[:_LONGEST].strip()


def plain(text: str) -> str:
    """In ASCII and without backslashes, which part values; other characters become question marks."""
    return printable(text).encode("ascii", "replace").decode().replace("\\", "/")


def _kernel(image: Dataset) -> str:
    value = image.get("ConvolutionKernel") or ""
    return (value if isinstance(value, str) else "/".join(map(str, value))).strip()

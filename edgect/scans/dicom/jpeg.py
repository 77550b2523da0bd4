"""JPEG and JPEG-LS frames to sample values, by GDCM without pydicom between.

pydicom's plug-in refuses JPEG Extended of 12 bits, which GDCM decodes, and tells nothing of what GDCM's
libjpeg has to say: that data were missing or left over, and that it went on all the same.
"""

from __future__ import annotations

import re

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from edgect.errors import ScanError
from edgect.scans.native_stderr import captured_stderr

PIXEL_DATA = gdcm.Tag(0x7FE0, 0x0010)
# how messages of the Independent JPEG Group's library begin that a decoder may come to (its jerror.h)
_LIBJPEG = re.compile(
    "Application transferred|Arithmetic table|Bogus |Cannot |CCIR601|Component index|Corrupt JPEG|DCT |Didn't"
    "|Empty JPEG|Empty input|Huffman |Image too wide|Improper |Inconsistent |Input file|Insufficient memory"
    "|Invalid |JPEG parameter|Maximum supported|Missing Huffman|Not a JPEG|Not implemented|Premature end"
    "|Quantization table|Requested feature|Sampling factors|Sorry, |Suspension not|Too many color|Unexpected "
    "|Unknown Adobe|Unsupported |Warning: unknown JFIF|Wrong JPEG"
)
_DAMAGE = ("Corrupt JPEG", "Premature end")


def decode(
    frame: bytes, syntax: UID, rows: int, columns: int, precision: int
) -> NDArray[np.uint8 | np.uint16]:
    """Sample values `[rows, columns]`, uint8 or uint16, as their bits are: no sign is heeded.

    precision: bits a sample, as the frame's header states. Raises ScanError: GDCM cannot decode it, or
    its libjpeg did so with data missing or left over.
    """
    image = _image(frame, syntax, rows, columns, precision)
    with captured_stderr(_LIBJPEG) as messages:
        text = image.GetBuffer()  # bytes, as text; None where it fails
    damage = next((message for message in messages if message.startswith(_DAMAGE)), "")
    content = b"" if text is None else text.encode("utf-8", "surrogateescape")
    values: NDArray[np.uint8 | np.uint16] = np.frombuffer(content, np.uint8 if precision <= 8 else np.uint16)
    if damage or values.size != rows * columns:
        raise ScanError(f"pixel data damaged: {damage or (messages or ['GDCM cannot decode them'])[-1]}")
    return values.reshape(rows, columns)


def _image(frame: bytes, syntax: UID, rows: int, columns: int, precision: int) -> gdcm.Image:
    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(frame)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(PIXEL_DATA)
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    )
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(syntax))))
    image.SetPixelFormat(gdcm.PixelFormat(1, 8 if precision <= 8 else 16, precision, precision - 1, 0))
    return image

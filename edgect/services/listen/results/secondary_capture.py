"""The slice with the highest probability of COVID-19 as a Secondary Capture, with its heat map and label."""

from __future__ import annotations

import cv2
import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from edgect.machine.version import __version__
from edgect.report.heat_map import overlay
from edgect.rows import NOTICE
from edgect.rows.prediction import Prediction
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_result import SeriesResult, SliceResult
from edgect.services.listen.results.structured_report import DESCRIPTION, MANUFACTURER
from edgect.services.listen.results.uids import CAPTURES, result_uid, series_number

MIN_SIDE = 512  # pixels of the shorter side, at least: text must be readable
LINE_HEIGHT = 22  # pixels from line to line of the text
_FONT = cv2.FONT_HERSHEY_SIMPLEX
UPRIGHT = ("L", "P")  # of rows and columns: however a slice is stored, `to_grey` puts it so


def secondary_capture(result: SeriesResult, predecessor: ResultRecord | None) -> Dataset | None:
    """None where no slice has a probability, or where the slice to show was deleted: it was shown before."""
    slice_ = result.highest
    if slice_ is None or slice_.deleted:
        return None
    image = SCImage.from_ref_dataset(
        slice_.image,
        pixel_array=_picture(result, slice_),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=UPRIGHT,
        series_instance_uid=result_uid("captures", result, ""),
        series_number=series_number(slice_.image, CAPTURES),
        sop_instance_uid=result_uid("capture", result, result.digest),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description=f"{DESCRIPTION}, heat map",
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    image.SpecificCharacterSet = slice_.image.SpecificCharacterSet
    image.ManufacturerModelName = result.classifier.bundle.name
    image.SoftwareVersions = __version__
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.Modality, image.BodyPartExamined = "OT", "CHEST"
    image.BurnedInAnnotation = "NO"  # none by which the patient could be known (PS3.3, C.7.6.1.1)
    image.DerivationDescription = f"Heat map of edgect {__version__} laid over a CT slice. {NOTICE}"
    image.SourceImageSequence = [_reference(slice_)]
    return image


def _picture(result: SeriesResult, slice_: SliceResult) -> NDArray[np.uint8]:
    """RGB uint8 `[height, width, 3]`: the slice with its heat map, and text above and below it."""
    prediction = _with_evidence(result, slice_)
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    factor = max(1.0, MIN_SIDE / min(prediction.pixels.shape))
    size = (round(prediction.pixels.shape[1] * factor), round(prediction.pixels.shape[0] * factor))
    pixels = np.asarray(cv2.resize(prediction.pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    evidence = np.asarray(cv2.resize(prediction.evidence, size, interpolation=cv2.INTER_LINEAR), np.float32)
    blended = overlay(pixels, evidence, result.classifier.bundle.manifest.heat_map_scale)
    assert prediction.probability is not None
    above = [
        "RESEARCH USE ONLY - not a medical device, no diagnosis",
        f"edgect {__version__}, {prediction.model} {prediction.bundle}; this slice: {prediction.label}",
        f"probability of COVID-19 on this slice {prediction.probability:.3f} "
        f"(threshold {prediction.threshold:.3f})",
    ]
    below = [
        "colour: evidence for COVID-19 by place; the patient's right is on the left",
        f"the slice with the highest mean within 5 mm, {result.row['highest_smoothed']:.3f}, "
        f"of {len(result.slices)}",
    ]
    if prediction.reason:
        below.append("to be doubted: see the report")
    picture = np.vstack([_text_band(above, size[0]), blended, _text_band(below, size[0])])
    return np.ascontiguousarray(picture[..., ::-1])


def _text_band(lines: list[str], width: int) -> NDArray[np.uint8]:
    """A black band with lines of text, beside the picture rather than in it."""
    band = np.zeros((LINE_HEIGHT * len(lines) + LINE_HEIGHT // 2, width, 3), np.uint8)
    for number, line in enumerate(lines, 1):
        cv2.putText(band, line, (8, LINE_HEIGHT * number), _FONT, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return band


def _with_evidence(result: SeriesResult, slice_: SliceResult) -> Prediction:
    for prediction in result.classifier.classify_file(str(slice_.path), evidence=True):
        if prediction.frame == slice_.prediction.frame:
            return prediction
    raise AssertionError(slice_.path)


def _reference(slice_: SliceResult) -> Dataset:
    source, purpose = Dataset(), Dataset()
    source.ReferencedSOPClassUID = slice_.image.SOPClassUID
    source.ReferencedSOPInstanceUID = slice_.image.SOPInstanceUID
    if slice_.prediction.frame is not None:
        source.ReferencedFrameNumber = slice_.prediction.frame + 1
    code = codes.DCM.SourceImageForImageProcessingOperation
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = code.value, "DCM", code.meaning
    source.PurposeOfReferenceCodeSequence = [purpose]
    return source

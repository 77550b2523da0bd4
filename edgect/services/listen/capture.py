"""The slice that speaks most for COVID-19, as a Secondary Capture with its heat map and the answer on it."""

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
from edgect.rows.notice import NOTICE
from edgect.rows.prediction import Prediction
from edgect.services.listen.answer import Answer, Said
from edgect.services.listen.record import Record
from edgect.services.listen.structured_report import DESCRIPTION, MANUFACTURER
from edgect.services.listen.uids import CAPTURES, answer_uid, series_number

SIDE = 512  # pixels of the shorter side, at least: text must be readable
LINE = 22  # pixels from line to line of the text
_FONT = cv2.FONT_HERSHEY_SIMPLEX
UPRIGHT = ("L", "P")  # of rows and columns: however a slice is stored, `to_grey` puts it so


def capture(answer: Answer, predecessor: Record | None) -> Dataset | None:
    """None where no slice was answered on, or where the one to show is gone, for it was shown before."""
    one = answer.highest
    if one is None or one.gone:
        return None
    made = SCImage.from_ref_dataset(
        one.image,
        pixel_array=_picture(answer, one),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=UPRIGHT,
        series_instance_uid=answer_uid("captures", answer, ""),
        series_number=series_number(one.image, CAPTURES),
        sop_instance_uid=answer_uid("capture", answer, answer.digest),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description=f"{DESCRIPTION}, heat map",
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    made.SpecificCharacterSet = one.image.SpecificCharacterSet
    made.ManufacturerModelName = answer.classifier.bundle.name
    made.SoftwareVersions = __version__
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.Modality, made.BodyPartExamined = "OT", "CHEST"
    made.BurnedInAnnotation = "NO"  # none by which the patient could be known (PS3.3, C.7.6.1.1)
    made.DerivationDescription = f"Heat map of edgect {__version__} laid over a CT slice. {NOTICE}"
    made.SourceImageSequence = [_reference(one)]
    return made


def _picture(answer: Answer, one: Said) -> NDArray[np.uint8]:
    """RGB uint8 `[height, width, 3]`: the slice with its heat map, and text above and below it."""
    found = _with_evidence(answer, one)
    assert found.pixels is not None
    assert found.evidence is not None
    factor = max(1.0, SIDE / min(found.pixels.shape))
    size = (round(found.pixels.shape[1] * factor), round(found.pixels.shape[0] * factor))
    pixels = np.asarray(cv2.resize(found.pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    evidence = np.asarray(cv2.resize(found.evidence, size, interpolation=cv2.INTER_LINEAR), np.float32)
    drawn = overlay(pixels, evidence, answer.classifier.bundle.manifest.heat_map_scale)
    assert found.probability is not None
    above = [
        "RESEARCH USE ONLY - not a medical device, no diagnosis",
        f"edgect {__version__}, {found.model} {found.bundle}; this slice: {found.label}",
        f"probability of COVID-19 on this slice {found.probability:.3f} (threshold {found.threshold:.3f})",
    ]
    below = [
        "colour: evidence for COVID-19 by place; the patient's right is on the left",
        f"the slice with the highest mean within 5 mm, {answer.series['highest_smoothed']:.3f}, "
        f"of {len(answer.said)}",
    ]
    if found.reason:
        below.append("to be doubted: see the report")
    picture = np.vstack([_text(above, size[0]), drawn, _text(below, size[0])])
    return np.ascontiguousarray(picture[..., ::-1])


def _text(lines: list[str], width: int) -> NDArray[np.uint8]:
    """A black band with lines of text, beside the picture rather than in it."""
    band = np.zeros((LINE * len(lines) + LINE // 2, width, 3), np.uint8)
    for number, line in enumerate(lines, 1):
        cv2.putText(band, line, (8, LINE * number), _FONT, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return band


def _with_evidence(answer: Answer, one: Said) -> Prediction:
    for prediction in answer.classifier.classify_file(str(one.path), evidence=True):
        if prediction.frame == one.prediction.frame:
            return prediction
    raise AssertionError(one.path)


def _reference(one: Said) -> Dataset:
    source, purpose = Dataset(), Dataset()
    source.ReferencedSOPClassUID = one.image.SOPClassUID
    source.ReferencedSOPInstanceUID = one.image.SOPInstanceUID
    if one.prediction.frame is not None:
        source.ReferencedFrameNumber = one.prediction.frame + 1
    code = codes.DCM.SourceImageForImageProcessingOperation
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = code.value, "DCM", code.meaning
    source.PurposeOfReferenceCodeSequence = [purpose]
    return source

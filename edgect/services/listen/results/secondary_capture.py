"""The highest slices as Secondary Captures, each as it is and with its heat map, with label and text."""

from __future__ import annotations

from highdicom.sc import SCImage
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from edgect.machine.version import __version__
from edgect.rows import NOTICE
from edgect.services.listen.results.equipment import MANUFACTURER, Equipment
from edgect.services.listen.results.evidence import ShownSlice
from edgect.services.listen.results.measurement_groups import slice_name
from edgect.services.listen.results.picture import side_by_side
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_names import plain, result_description, series_name
from edgect.services.listen.results.series_result import SeriesResult, SliceResult
from edgect.services.listen.results.uids import CAPTURES, result_uid, series_number

UPRIGHT = ("L", "P")  # of rows and columns: however a slice is stored, it is shown so


def secondary_capture(result: SeriesResult, shown: ShownSlice, predecessor: ResultRecord | None) -> Dataset:
    """Of a slice."""
    slice_, prediction = shown.high.slice, shown.prediction
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    scale = result.classifier.bundle.manifest.heat_map_scale
    above, below = _texts(result, shown)
    earlier = 0 if predecessor is None else predecessor.number
    image = SCImage.from_ref_dataset(
        slice_.image,
        pixel_array=side_by_side(prediction.pixels, prediction.evidence, scale, above, below),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=UPRIGHT,
        series_instance_uid=result_uid("captures", result, ""),
        series_number=series_number(slice_.image, CAPTURES),
        sop_instance_uid=result_uid(
            "capture", result, result.digest, f"{shown.rank} of {len(result.highest)}"
        ),
        instance_number=earlier * len(result.highest) + shown.rank,
        manufacturer=MANUFACTURER,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description=result_description(slice_.image, "heat maps"),
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    image.SpecificCharacterSet = slice_.image.SpecificCharacterSet
    Equipment(result.classifier.bundle).write(image)
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.Modality, image.BodyPartExamined = "OT", "CHEST"
    image.BurnedInAnnotation = "NO"  # none by which the patient could be known (PS3.3, C.7.6.1.1)
    image.DerivationDescription = (
        f"A CT slice, and beside it the same with the heat map of edgect {__version__}. {NOTICE}"
    )
    image.SourceImageSequence = [_reference(slice_)]
    return image


def _texts(result: SeriesResult, shown: ShownSlice) -> tuple[list[str], list[str]]:
    """Lines above and below."""
    high, prediction = shown.high, shown.prediction
    assert prediction.probability is not None
    level, _, width = prediction.window.partition("/")
    place = "" if prediction.position is None else f" at {prediction.position:g} mm"
    above = [
        "RESEARCH USE ONLY - not a medical device, no diagnosis",
        f"{series_name(high.slice.image, described=False)}: {slice_name(high.slice)}{place}, "
        f"number {high.number} of {len(result.slices)} from the feet",
        f"{prediction.label or 'no label'}: probability of COVID-19 on this slice "
        f"{prediction.probability:.3f} (threshold {prediction.threshold:.3f}), mean within 5 mm "
        f"{high.mean:.3f}",
    ]
    below = [
        f"{shown.rank} of the {len(result.highest)} highest places of the series; colours outline no lesion, "
        "and where there is none may be disease",
        f"left: window {level} HU, {width} wide; right: evidence for COVID-19, by edgect {__version__}, "
        f"{prediction.model} {prediction.bundle}",
    ]
    if prediction.reason:
        below.insert(0, "to be doubted: see the report")
    return list(map(plain, above)), list(map(plain, below))


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

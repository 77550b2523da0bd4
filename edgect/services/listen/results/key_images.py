"""The highest slices of a series as a Key Object Selection, which viewers show first (PS3.16, TID 2010)."""

from __future__ import annotations

from copy import deepcopy

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom import Dataset
from pydicom.sr.codedict import codes

from edgect.rows import NOTICE
from edgect.services.listen.results.equipment import MANUFACTURER, Equipment
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_names import plain, result_description
from edgect.services.listen.results.series_result import HighSlice, SeriesResult
from edgect.services.listen.results.uids import KEY_IMAGES, result_uid, series_number


def key_images(result: SeriesResult, predecessor: ResultRecord | None) -> Dataset | None:
    """None where no slice has an answer."""
    if not result.highest:
        return None
    image, equipment = result.reference_image, Equipment(result.classifier.bundle)
    images = [_as_image(image, high) for high in result.highest]
    selection = KeyObjectSelection(
        codes.DCM.OfInterest,
        images,
        observer_device_context=equipment.observer(),
        description=plain(
            f"{NOTICE} The slices with the highest mean probability of COVID-19: where to look first, "
            f"whatever the label. By {equipment.text}."
        ),
    )
    references = [item for item in selection[0].ContentSequence if item.ValueType == "IMAGE"]
    for item, high in zip(references, result.highest, strict=True):
        if (frame := high.slice.prediction.frame) is not None:
            item.ReferencedSOPSequence[0].ReferencedFrameNumber = frame + 1
    document = KeyObjectSelectionDocument(
        evidence=list({str(each.SOPInstanceUID): each for each in images}.values()),
        content=selection,
        series_instance_uid=result_uid("key images", result, ""),
        series_number=series_number(image, KEY_IMAGES),
        sop_instance_uid=result_uid("key images", result, result.digest, f"{len(result.highest)}"),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        series_description=result_description(image, "key images"),
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    document.SpecificCharacterSet = image.SpecificCharacterSet
    equipment.write(document)
    return document


def _as_image(reference: Dataset, high: HighSlice) -> Dataset:
    """With the patient and study of the series, which headers of deleted images no longer have."""
    image = deepcopy(reference)
    image.SOPClassUID, image.SOPInstanceUID = high.slice.image.SOPClassUID, high.slice.image.SOPInstanceUID
    image.Rows = image.Columns = 1  # by which highdicom knows images
    return image

"""The heat maps of the highest slices as a Parametric Map: log-odds by place, in the pixels of the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
from highdicom import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage

from edgect.rows import NOTICE
from edgect.services.listen.results.codes import EVIDENCE
from edgect.services.listen.results.equipment import MANUFACTURER, Equipment
from edgect.services.listen.results.evidence import ShownSlice
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_names import result_description
from edgect.services.listen.results.series_result import SeriesResult, SliceResult
from edgect.services.listen.results.uids import MAPS, result_uid, series_number

THICKNESS = 1.0  # millimetres, of slices that do not say, in a series without a spacing
_LARGEST = float(np.finfo(np.float32).max)


def parametric_map(
    result: SeriesResult, shown: Sequence[ShownSlice], predecessor: ResultRecord | None
) -> Dataset | None:
    """None where no slice says where in the patient it lies, which the object is to say too.

    Slices that are not of the same size and orientation as the highest are left out.
    """
    placed = [each for each in shown if _is_placed(each)]
    placed = [each for each in placed if _grid(each) == _grid(placed[0])]
    if not placed:
        return None
    image, equipment = placed[0].high.slice.image, Equipment(result.classifier.bundle)
    scale = result.classifier.bundle.manifest.heat_map_scale
    names = [f"2.25.{each.rank}" for each in placed]
    thickness = float(image.get("SliceThickness") or result.row["spacing"] or THICKNESS)
    document = ParametricMap(
        [_source(each, name, thickness) for each, name in zip(placed, names, strict=True)],
        np.stack([_values(each) for each in placed]),
        series_instance_uid=result_uid("maps", result, ""),
        series_number=series_number(image, MAPS),
        sop_instance_uid=result_uid("map", result, result.digest, f"{len(result.highest)}"),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=equipment.model_name,
        software_versions=equipment.version,
        device_serial_number=equipment.serial,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                "EVIDENCE",
                "Evidence for COVID-19 by place, as log-odds",
                codes.UCUM.NoUnits,
                (-_LARGEST, _LARGEST),
                slope=1.0,
                intercept=0.0,
                quantity_definition=EVIDENCE,
            )
        ],
        voi_lut_transformations=[VOILUTTransformation(scale / 2, scale)],
        content_label="EDGECT_EVIDENCE",
        content_description=NOTICE,
        series_description=result_description(image, "evidence map"),
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    _put_right(document, dict(zip(names, (each.high.slice for each in placed), strict=True)))
    document.ReferencedSeriesSequence[0].ReferencedInstanceSequence = _instances(placed)
    document.BodyPartExamined = "CHEST"
    document.SpecificCharacterSet = image.SpecificCharacterSet
    equipment.write(document)
    return document


def _values(shown: ShownSlice) -> NDArray[np.float32]:
    assert shown.prediction.evidence is not None
    return shown.geometry.to_stored(shown.prediction.evidence)


def _is_placed(shown: ShownSlice) -> bool:
    geometry, image = shown.geometry, shown.high.slice.image
    return None not in (geometry.corner, geometry.spacing) and bool(image.get("FrameOfReferenceUID"))


def _grid(shown: ShownSlice) -> tuple[object, ...]:
    geometry = shown.geometry
    return geometry.rows, geometry.columns, geometry.right, geometry.down, geometry.spacing


def _source(shown: ShownSlice, name: str, thickness: float) -> Dataset:
    """As highdicom takes single images; frames too, whose references `_put_right` mends."""
    geometry, image = shown.geometry, deepcopy(shown.high.slice.image)
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, name
    image.Rows, image.Columns = geometry.rows, geometry.columns
    image.ImageOrientationPatient = [*geometry.right, *geometry.down]
    image.ImagePositionPatient = list(geometry.corner or ())
    image.PixelSpacing, image.SliceThickness = list(geometry.spacing or ()), thickness
    return image


def _put_right(dataset: Dataset, sources: Mapping[str, SliceResult]) -> None:
    """References by name, with what they are references to."""
    for item in (item for element in dataset if element.VR == "SQ" for item in element.value):
        if (slice_ := sources.get(str(item.get("ReferencedSOPInstanceUID", "")))) is not None:
            item.ReferencedSOPClassUID = slice_.image.SOPClassUID
            item.ReferencedSOPInstanceUID = slice_.image.SOPInstanceUID
            if slice_.prediction.frame is not None:
                item.ReferencedFrameNumber = slice_.prediction.frame + 1
        _put_right(item, sources)


def _instances(placed: Sequence[ShownSlice]) -> list[Dataset]:
    """Each image once, whatever of its frames."""
    instances = {}
    for image in (each.high.slice.image for each in placed):
        instance = Dataset()
        instance.ReferencedSOPClassUID = image.SOPClassUID
        instance.ReferencedSOPInstanceUID = image.SOPInstanceUID
        instances[str(image.SOPInstanceUID)] = instance
    return list(instances.values())

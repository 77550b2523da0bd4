"""The groups of a report: on the series, on slices, and on places of slices (PS3.16, TID 1501, 1410)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from highdicom.sr import (
    CodedConcept,
    FindingSite,
    ImageRegion,
    ImageRegion3D,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.codedict import codes

from edgect.rows.causes import cause
from edgect.rows.formats import printable
from edgect.rows.prediction import Prediction
from edgect.services.listen.results import codes as own
from edgect.services.listen.results.equipment import Equipment
from edgect.services.listen.results.evidence import Region, ShownSlice
from edgect.services.listen.results.series_result import SeriesResult, SliceResult
from edgect.services.listen.results.uids import result_uid

Group = MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations
NO_UNITS = codes.UCUM.NoUnits


def series_group(result: SeriesResult) -> Group:
    """On the whole series."""
    row = result.row
    numbers: list[tuple[CodedConcept, float]] = []
    if row["highest_smoothed"] is not None:
        numbers = [(own.SHARE, row["share_positive"]), (own.SERIES, row["highest_smoothed"])]
    numbers.append((own.THRESHOLD, row["threshold"]))
    numbers += [(code, row[name]) for name, code in own.COUNTS.items()]
    numbers += [(code, count) for name, code in own.REASONS.items() if (count := result.causes[name])]
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(result, "series"),
        finding_type=own.FINDING,
        algorithm_id=Equipment(result.classifier.bundle).algorithm(_parameters(result)),
        measurements=_measurements(numbers, by_method=True),
        qualitative_evaluations=[QualitativeEvaluation(own.LABEL, own.LABELS[str(row["rule_says"])])],
    )


def slice_group(result: SeriesResult, slice_: SliceResult, mean: float | None = None) -> Group:
    """On a slice. mean: of the probability round it, where that is to be said."""
    prediction = slice_.prediction
    numbers = [(own.SLICE, prediction.probability), (own.MEAN, mean), (own.DISTANCE, prediction.distance)]
    label = prediction.label if prediction.status == "ok" else prediction.status
    evaluations = [QualitativeEvaluation(own.LABEL, own.LABELS[label])]
    kind = cause(prediction.status, prediction.reason)
    if kind:
        evaluations.append(QualitativeEvaluation(own.REASON, own.REASONS[kind]))
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(result, slice_name(slice_), slice_),
        finding_type=own.FINDING,
        algorithm_id=Equipment(result.classifier.bundle).algorithm(),
        measurements=_measurements(numbers, by_method=True),
        qualitative_evaluations=evaluations,
        source_images=[_source(slice_)],
    )
    if prediction.reason and kind in ("", "other", "error"):  # the other kinds say it all
        group[0].ContentSequence.append(comment(f"{label}: {prediction.reason}"))
    return group


def place_groups(result: SeriesResult, shown: ShownSlice, in_patient: bool) -> Iterator[Group]:
    """On the places of a slice with clear evidence: their outlines on the image.

    in_patient: whether the strongest place of each is named in the patient's coordinates too.
    """
    for number, region in enumerate(shown.regions, 1):
        name = f"{slice_name(shown.high.slice)}, place {number}"
        yield _place_group(result, shown, name, region, _outline(shown, region))
        if in_patient and (point := _strongest(shown, region)) is not None:
            yield _place_group(result, shown, f"{name}, its strongest evidence", region, point)


def slice_name(slice_: SliceResult) -> str:
    name = f"slice {slice_.image.get('InstanceNumber') or 'without a number'}"
    return name if slice_.prediction.frame is None else f"{name}, frame {slice_.prediction.frame + 1}"


def comment(text: str) -> TextContentItem:
    return TextContentItem(codes.DCM.Comment, printable(text), RelationshipTypeValues.CONTAINS)


def _place_group(
    result: SeriesResult, shown: ShownSlice, name: str, region: Region, place: ImageRegion | ImageRegion3D
) -> Group:
    prediction = shown.prediction
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(result, name, shown.high.slice),
        referenced_region=place,
        finding_type=own.FINDING,
        algorithm_id=Equipment(result.classifier.bundle).algorithm(),
        finding_sites=[FindingSite(own.SITE)],
        measurements=_measurements([(own.STRONGEST, region.evidence), (own.SLICE, prediction.probability)]),
    )


def _outline(shown: ShownSlice, region: Region) -> ImageRegion:
    slice_ = shown.high.slice
    source = SourceImageForRegion(
        str(slice_.image.SOPClassUID), str(slice_.image.SOPInstanceUID), _frames(slice_.prediction)
    )
    return ImageRegion("POLYLINE", shown.geometry.stored_points(region.outline), source)


def _strongest(shown: ShownSlice, region: Region) -> ImageRegion3D | None:
    points = shown.geometry.patient_points(region.strongest)
    frame_of_reference = str(shown.high.slice.image.get("FrameOfReferenceUID") or "")
    if points is None or not frame_of_reference:
        return None
    return ImageRegion3D("POINT", points, frame_of_reference)


def _measurements(
    numbers: Sequence[tuple[CodedConcept, float | None]], by_method: bool = False
) -> list[Measurement]:
    """by_method: name it, for OHIF of 2025 fails on numbers that nothing qualifies and no place is of."""
    method = own.METHOD if by_method else None
    return [
        Measurement(code, round(number, 6), NO_UNITS, method=method)
        for code, number in numbers
        if number is not None
    ]


def _tracking(result: SeriesResult, name: str, slice_: SliceResult | None = None) -> TrackingIdentifier:
    """The UID is that of a slice, or of a place by its name, in the results of this version and bundle."""
    about = "" if slice_ is None else f"{slice_.image.SOPInstanceUID} {slice_.prediction.frame}"
    return TrackingIdentifier(result_uid("track", result, about, name), identifier=name)


def _parameters(result: SeriesResult) -> list[str]:
    classifier = result.classifier
    engine, decision = classifier.engine, classifier.decision
    rate = "none" if decision.error_rate is None else f"{decision.error_rate:g}"
    return [
        f"{engine.backend} {engine.version}, {engine.precision}",
        f"operating point {decision.operating_point or 'none'}, threshold {classifier.threshold:g}, "
        f"error rate {rate}",
    ]


def _frames(prediction: Prediction) -> list[int] | None:
    return None if prediction.frame is None else [prediction.frame + 1]


def _source(slice_: SliceResult) -> SourceImageForMeasurementGroup:
    return SourceImageForMeasurementGroup(
        str(slice_.image.SOPClassUID), str(slice_.image.SOPInstanceUID), _frames(slice_.prediction)
    )

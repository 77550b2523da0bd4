"""A result as a DICOM Structured Report by template TID 1500 (DICOM PS3.16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from edgect.machine.version import __version__
from edgect.rows import NOTICE
from edgect.rows.formats import printable
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_result import SeriesResult, SliceResult
from edgect.services.listen.results.uids import REPORTS, result_uid, series_number, uid

DESCRIPTION = "RESEARCH ONLY: edgect, COVID-19"
MANUFACTURER = "edgect"
SCHEME = "99EDGECT"  # private: no standard has codes for these
UNCERTAIN_TEXT = "Names may be garbled or missing here: the images do not hold them as the standard has them."
NO_UNITS = codes.UCUM.NoUnits
CHEST = CodedConcept("24627-2", "LN", "CT Chest")


def _private_code(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, SCHEME, meaning)


# not the finding itself, which a reader would take for found where the label says that it is not
FINDING = _private_code("F1", "Estimated likeness to COVID-19")
SLICE = _private_code("P1", "Probability of COVID-19 on a slice")
SERIES = _private_code("P2", "Highest mean probability of COVID-19 within 5 mm")
SHARE = _private_code("P3", "Share of the answered slices that reach the threshold")
LABEL = _private_code("S1", "Label by threshold")
THRESHOLD = _private_code("T1", "Threshold of the probability")
LABELS = {
    "COVID-19": _private_code("L1", "COVID-19"),
    "not COVID-19": _private_code("L2", "not COVID-19"),
    "indeterminate": _private_code("L3", "indeterminate"),
    "rejected": _private_code("L4", "no answer: not something to give an answer on"),
    "error": _private_code("L5", "no answer: error"),
    "": _private_code("L6", "no answer"),
}
COUNTS = {
    "answered": _private_code("N1", "Slices answered on"),
    "rejected": _private_code("N2", "Slices rejected"),
    "errors": _private_code("N3", "Slices with an error"),
    "positive": _private_code("N4", "Slices labelled COVID-19"),
}


def structured_report(result: SeriesResult, predecessor: ResultRecord | None) -> Dataset:
    """Unverified and preliminary; files into the study of its images.

    predecessor: the earlier result of the series, which this report replaces.
    """
    image = result.reference_image
    report = MeasurementReport(
        observation_context=_observer(result),
        procedure_reported=CHEST,
        imaging_measurements=[
            _series_group(result),
            *(_slice_group(result, slice_) for slice_ in result.slices),
        ],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept("en", "RFC5646", "English")
        ),
    )
    report[0].ContentSequence.extend(_comment(text) for text in _comments(result, predecessor))
    document = ComprehensiveSR(
        evidence=[image, *(other for other in result.images if other is not image)],
        content=report,
        series_instance_uid=result_uid("reports", result, ""),
        series_number=series_number(image, REPORTS),
        sop_instance_uid=result_uid("report", result, result.digest),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=result.classifier.bundle.name,
        software_versions=__version__,
        device_serial_number=result.classifier.bundle.digest[:12],
        is_complete=not result.row["errors"],
        is_final=False,
        is_verified=False,
        previous_versions=None if predecessor is None else [predecessor.report],
        series_description=DESCRIPTION,
        coding_schemes=[CodingSchemeIdentificationItem(SCHEME, name="edgect")],
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    document.SpecificCharacterSet = image.SpecificCharacterSet
    if errors := result.row["errors"]:
        document.CompletionFlagDescription = f"{errors} of {result.row['slices']} slices could not be read"
    return document


def _observer(result: SeriesResult) -> ObservationContext:
    bundle = result.classifier.bundle
    device = DeviceObserverIdentifyingAttributes(
        uid=uid("device", __version__, bundle.digest),
        name="edgect",
        manufacturer_name=MANUFACTURER,
        model_name=bundle.name,
    )
    return ObservationContext(
        observer_device_context=ObserverContext(codes.DCM.Device, device),
    )


def _parameters(result: SeriesResult) -> list[str]:
    classifier = result.classifier
    engine, decision = classifier.engine, classifier.decision
    rate = "none" if decision.error_rate is None else f"{decision.error_rate:g}"
    return [
        f"bundle {classifier.bundle.digest}, {classifier.bundle.standing}",
        f"{engine.backend} {engine.version}, {engine.precision}",
        f"operating point {decision.operating_point or 'none'}, threshold {classifier.threshold:g}, "
        f"error rate {rate}",
    ]


def _series_group(result: SeriesResult) -> MeasurementsAndQualitativeEvaluations:
    """The group about the series."""
    row = result.row
    measurements = [Measurement(code, int(row[name]), NO_UNITS) for name, code in COUNTS.items()]
    measurements.append(Measurement(THRESHOLD, float(row["threshold"]), NO_UNITS))
    if row["highest_smoothed"] is not None:
        measurements.insert(0, Measurement(SHARE, float(row["share_positive"]), NO_UNITS))
        measurements.insert(1, Measurement(SERIES, float(row["highest_smoothed"]), NO_UNITS))
    label = str(row["rule_says"])
    return _group(result, "series", measurements, label, [], parameters=_parameters(result))


def _slice_group(result: SeriesResult, slice_: SliceResult) -> MeasurementsAndQualitativeEvaluations:
    prediction = slice_.prediction
    measurements = []
    if prediction.probability is not None:
        measurements.append(Measurement(SLICE, round(prediction.probability, 6), NO_UNITS))
    label = prediction.label if prediction.status == "ok" else prediction.status
    name = f"slice {slice_.image.get('InstanceNumber') or 'without a number'}"
    if prediction.frame is not None:
        name += f", frame {prediction.frame + 1}"
    return _group(result, name, measurements, label, [slice_], prediction.reason)


def _group(
    result: SeriesResult,
    name: str,
    measurements: list[Measurement],
    label: str,
    slices: list[SliceResult],
    reason: str = "",
    parameters: list[str] | None = None,
) -> MeasurementsAndQualitativeEvaluations:
    """slices: that the group is about; empty for all images. reason: why there is no answer or label."""
    tracking_parts = [f"{slice_.image.SOPInstanceUID} {slice_.prediction.frame}" for slice_ in slices]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(result_uid("track", result, *tracking_parts), identifier=name),
        finding_type=FINDING,
        algorithm_id=AlgorithmIdentification(
            name=f"edgect {result.classifier.bundle.name}",
            version=f"{__version__}, bundle {result.classifier.bundle.digest[:12]}",
            parameters=parameters,
        ),
        measurements=measurements,
        qualitative_evaluations=[QualitativeEvaluation(LABEL, LABELS[label])],
        source_images=[_source(slice_) for slice_ in slices or _files(result)],
    )
    if reason:
        group[0].ContentSequence.append(_comment(f"{label}: {reason}"))
    return group


def _files(result: SeriesResult) -> list[SliceResult]:
    """One for each file: an image without a frame named is the whole of it."""
    first = {slice_.path: slice_ for slice_ in reversed(result.slices)}
    return [
        replace(slice_, prediction=replace(slice_.prediction, frame=None))
        for slice_ in reversed(first.values())
    ]


def _source(slice_: SliceResult) -> SourceImageForMeasurementGroup:
    frame = slice_.prediction.frame
    return SourceImageForMeasurementGroup(
        str(slice_.image.SOPClassUID),
        str(slice_.image.SOPInstanceUID),
        None if frame is None else [frame + 1],
    )


def _comment(text: str) -> TextContentItem:
    ascii_ = printable(text).encode("ascii", "backslashreplace").decode()
    return TextContentItem(codes.DCM.Comment, ascii_, RelationshipTypeValues.CONTAINS)


def _comments(result: SeriesResult, predecessor: ResultRecord | None) -> Iterator[str]:
    yield NOTICE
    yield f"Of a series: {result.row['rule']}."
    if predecessor is not None:
        yield f"Takes the place of report {predecessor.number} on this series: more of its images have come."
    if not all(slice_.certain for slice_ in result.slices):
        yield UNCERTAIN_TEXT
    if doubts := result.row["doubts"]:
        yield f"To be doubted: {doubts}."
    for reason, count in sorted(result.reasons.items()):
        yield f"{_slices(count)} without an answer. {reason}."
    warned = sum(
        bool(slice_.prediction.reason) for slice_ in result.slices if slice_.prediction.status == "ok"
    )
    if warned:
        yield f"{_slices(warned)} with an answer that has a reservation, which stands with the slice."


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"

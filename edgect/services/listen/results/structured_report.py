"""A result as DICOM Structured Report by template TID 1500 (DICOM PS3.16)."""

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
from edgect.model.decision.series import RULE
from edgect.rows import NOTICE
from edgect.rows.formats import printable
from edgect.services.listen.results.record import Record
from edgect.services.listen.results.series_result import Answer, Said
from edgect.services.listen.results.uids import REPORTS, answer_uid, series_number, uid

DESCRIPTION = "RESEARCH ONLY: edgect, COVID-19"
MANUFACTURER = "edgect"
SCHEME = "99EDGECT"  # private: no standard has codes for these
UNCERTAIN = "Names may be garbled or missing here: the images do not hold them as the standard has them."
NO_UNITS = codes.UCUM.NoUnits
CHEST = CodedConcept("24627-2", "LN", "CT Chest")


def _own(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, SCHEME, meaning)


# not the finding itself, which a reader would take for found where the label says that it is not
FINDING = _own("F1", "Estimated likeness to COVID-19")
SLICE = _own("P1", "Probability of COVID-19 on a slice")
SERIES = _own("P2", "Highest mean probability of COVID-19 within 5 mm")
SAYS = _own("S1", "Label by threshold")
THRESHOLD = _own("T1", "Threshold of the probability")
LABELS = {
    "COVID-19": _own("L1", "COVID-19"),
    "not COVID-19": _own("L2", "not COVID-19"),
    "indeterminate": _own("L3", "indeterminate"),
    "rejected": _own("L4", "no answer: not something to give an answer on"),
    "error": _own("L5", "no answer: error"),
    "": _own("L6", "no answer"),
}
COUNTS = {
    "answered": _own("N1", "Slices answered on"),
    "rejected": _own("N2", "Slices rejected"),
    "errors": _own("N3", "Slices with an error"),
    "positive": _own("N4", "Slices labelled COVID-19"),
}


def structured_report(answer: Answer, predecessor: Record | None) -> Dataset:
    """Unverified and preliminary; files into the study of its images.

    predecessor: what the series was answered before, which this report takes the place of.
    """
    image = answer.newest
    report = MeasurementReport(
        observation_context=_observer(answer),
        procedure_reported=CHEST,
        imaging_measurements=[_whole(answer), *(_slice(answer, one) for one in answer.said)],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(
            CodedConcept("en", "RFC5646", "English")
        ),
    )
    report[0].ContentSequence.extend(_comment(text) for text in _comments(answer, predecessor))
    made = ComprehensiveSR(
        evidence=[image, *(one for one in answer.images if one is not image)],
        content=report,
        series_instance_uid=answer_uid("reports", answer, ""),
        series_number=series_number(image, REPORTS),
        sop_instance_uid=answer_uid("report", answer, answer.digest),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=answer.classifier.bundle.name,
        software_versions=__version__,
        device_serial_number=answer.classifier.bundle.digest[:12],
        is_complete=not answer.series["errors"],
        is_final=False,
        is_verified=False,
        previous_versions=None if predecessor is None else [predecessor.report],
        series_description=DESCRIPTION,
        coding_schemes=[CodingSchemeIdentificationItem(SCHEME, name="edgect")],
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    made.SpecificCharacterSet = image.SpecificCharacterSet
    if errors := answer.series["errors"]:
        made.CompletionFlagDescription = f"{errors} of {answer.series['slices']} slices could not be read"
    return made


def _observer(answer: Answer) -> ObservationContext:
    bundle = answer.classifier.bundle
    device = DeviceObserverIdentifyingAttributes(
        uid=uid("device", __version__, bundle.digest),
        name="edgect",
        manufacturer_name=MANUFACTURER,
        model_name=bundle.name,
    )
    return ObservationContext(
        observer_device_context=ObserverContext(codes.DCM.Device, device),
    )


def _parameters(answer: Answer) -> list[str]:
    classifier = answer.classifier
    engine, decision = classifier.engine, classifier.decision
    rate = "none" if decision.error_rate is None else f"{decision.error_rate:g}"
    return [
        f"bundle {classifier.bundle.digest}",
        f"{engine.backend} {engine.version}, {engine.precision}",
        f"operating point {decision.operating_point or 'none'}, threshold {classifier.threshold:g}, "
        f"error rate {rate}",
    ]


def _whole(answer: Answer) -> MeasurementsAndQualitativeEvaluations:
    """The group about the series."""
    row = answer.series
    measurements = [Measurement(code, int(row[name]), NO_UNITS) for name, code in COUNTS.items()]
    measurements.append(Measurement(THRESHOLD, float(row["threshold"]), NO_UNITS))
    if row["highest_smoothed"] is not None:
        measurements.insert(0, Measurement(SERIES, float(row["highest_smoothed"]), NO_UNITS))
    says = str(row["rule_says"])
    return _group(answer, "series", measurements, says, [], parameters=_parameters(answer))


def _slice(answer: Answer, one: Said) -> MeasurementsAndQualitativeEvaluations:
    prediction = one.prediction
    measurements = []
    if prediction.probability is not None:
        measurements.append(Measurement(SLICE, round(prediction.probability, 6), NO_UNITS))
    says = prediction.label if prediction.status == "ok" else prediction.status
    name = f"slice {one.image.get('InstanceNumber') or 'without a number'}"
    if prediction.frame is not None:
        name += f", frame {prediction.frame + 1}"
    return _group(answer, name, measurements, says, [one], prediction.reason)


def _group(
    answer: Answer,
    name: str,
    measurements: list[Measurement],
    says: str,
    about: list[Said],
    reason: str = "",
    parameters: list[str] | None = None,
) -> MeasurementsAndQualitativeEvaluations:
    """about: slices; where there are none it is about all images. reason: why there is no answer or label."""
    tracked = [f"{one.image.SOPInstanceUID} {one.prediction.frame}" for one in about]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(answer_uid("track", answer, *tracked), identifier=name),
        finding_type=FINDING,
        algorithm_id=AlgorithmIdentification(
            name=f"edgect {answer.classifier.bundle.name}",
            version=f"{__version__}, bundle {answer.classifier.bundle.digest[:12]}",
            parameters=parameters,
        ),
        measurements=measurements,
        qualitative_evaluations=[QualitativeEvaluation(SAYS, LABELS[says])],
        source_images=[_source(one) for one in about or _files(answer)],
    )
    if reason:
        group[0].ContentSequence.append(_comment(f"{says}: {reason}"))
    return group


def _files(answer: Answer) -> list[Said]:
    """One for each file: an image without a frame named is the whole of it."""
    first = {one.path: one for one in reversed(answer.said)}
    return [replace(one, prediction=replace(one.prediction, frame=None)) for one in reversed(first.values())]


def _source(one: Said) -> SourceImageForMeasurementGroup:
    frame = one.prediction.frame
    return SourceImageForMeasurementGroup(
        str(one.image.SOPClassUID), str(one.image.SOPInstanceUID), None if frame is None else [frame + 1]
    )


def _comment(text: str) -> TextContentItem:
    ascii_ = printable(text).encode("ascii", "backslashreplace").decode()
    return TextContentItem(codes.DCM.Comment, ascii_, RelationshipTypeValues.CONTAINS)


def _comments(answer: Answer, predecessor: Record | None) -> Iterator[str]:
    yield NOTICE
    yield f"Of a series: {RULE}."
    if predecessor is not None:
        yield f"Takes the place of report {predecessor.number} on this series: more of its images have come."
    if not all(one.certain for one in answer.said):
        yield UNCERTAIN
    if doubts := answer.series["doubts"]:
        yield f"To be doubted: {doubts}."
    for reason, count in sorted(answer.reasons.items()):
        yield f"{_slices(count)} without an answer. {reason}."
    warned = sum(bool(one.prediction.reason) for one in answer.said if one.prediction.status == "ok")
    if warned:
        yield f"{_slices(warned)} with an answer that has a reservation, which stands with the slice."


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"

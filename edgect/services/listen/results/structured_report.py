"""A result as a DICOM Structured Report by template TID 1500 (PS3.16), with 3D coordinates or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    Comprehensive3DSR,
    ComprehensiveSR,
    ContainerContentItem,
    ImageContentItem,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    RelationshipTypeValues,
)
from highdicom.sr.value_types import ContentSequence
from pydicom import Dataset
from pydicom.sr.codedict import codes

from edgect.rows import NOTICE
from edgect.services.listen.results.codes import CHEST, ENGLISH, SCHEME, SOURCE
from edgect.services.listen.results.equipment import MANUFACTURER, Equipment
from edgect.services.listen.results.evidence import CLEAR, ShownSlice
from edgect.services.listen.results.measurement_groups import (
    Group,
    comment,
    place_groups,
    series_group,
    slice_group,
)
from edgect.services.listen.results.record import ResultRecord
from edgect.services.listen.results.series_names import result_description, series_name
from edgect.services.listen.results.series_result import APART, SeriesResult
from edgect.services.listen.results.uids import REPORTS, REPORTS_3D, result_uid, series_number

UNCERTAIN_TEXT = "Names may be garbled or missing here: the images do not hold them as the standard has them."


def structured_report(
    result: SeriesResult,
    shown: Sequence[ShownSlice],
    predecessor: ResultRecord | None,
    every_slice: bool,
    in_3d: bool,
) -> Dataset:
    """Unverified and preliminary; files into the study of its images.

    shown: whose places are marked. predecessor: the earlier result of the series, which this report
    replaces. every_slice: has a group, not the highest alone. in_3d: a Comprehensive 3D SR.
    """
    image, equipment = result.reference_image, Equipment(result.classifier.bundle)
    kind, number = ("report-3d", REPORTS_3D) if in_3d else ("report", REPORTS)
    layout = f"{'every slice, ' if every_slice else ''}{len(result.highest)} shown"
    document = (Comprehensive3DSR if in_3d else ComprehensiveSR)(
        evidence=[image, *(other for other in result.images if other is not image)],
        content=_content(result, shown, predecessor, every_slice, in_3d),
        series_instance_uid=result_uid(f"{kind}s", result, ""),
        series_number=series_number(image, number),
        sop_instance_uid=result_uid(kind, result, result.digest, layout),
        instance_number=1 if predecessor is None else predecessor.number + 1,
        manufacturer=MANUFACTURER,
        is_complete=not result.row["errors"],
        is_final=False,
        is_verified=False,
        previous_versions=None if predecessor is None else [predecessor.report],
        series_description=result_description(image, "3D report" if in_3d else "report"),
        coding_schemes=[CodingSchemeIdentificationItem(SCHEME, name="edgect")],
        specific_character_set=None,  # highdicom takes fewer than the standard has
    )
    document.SpecificCharacterSet = image.SpecificCharacterSet
    equipment.write(document)
    if errors := result.row["errors"]:
        document.CompletionFlagDescription = f"{errors} of {result.row['slices']} slices could not be read"
    return document


def _content(
    result: SeriesResult,
    shown: Sequence[ShownSlice],
    predecessor: ResultRecord | None,
    every_slice: bool,
    in_3d: bool,
) -> MeasurementReport:
    """What it is for and what it is about come first, before all that the template has."""
    report = MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=Equipment(result.classifier.bundle).observer()
        ),
        procedure_reported=CHEST,
        imaging_measurements=list(_groups(result, shown, every_slice, in_3d)),
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(ENGLISH),
    )
    items = report[0].ContentSequence
    items.insert(len(items) - 1, _image_library(result, shown))
    for position, text in enumerate(_comments(result, shown, predecessor, every_slice)):
        items.insert(position, comment(text))
    return report


def _groups(
    result: SeriesResult, shown: Sequence[ShownSlice], every_slice: bool, in_3d: bool
) -> Iterator[Group]:
    yield series_group(result)
    for high in result.highest:
        yield slice_group(result, high.slice, high.mean)
        for each in shown:
            if each.high is high:
                yield from place_groups(result, each, in_3d)
    if every_slice:
        named = {high.slice.key for high in result.highest}
        yield from (slice_group(result, each) for each in result.slices if each.key not in named)


def _image_library(result: SeriesResult, shown: Sequence[ShownSlice]) -> ContainerContentItem:
    """The images that places are marked on (TID 1600), without which some viewers load no report."""
    contains = RelationshipTypeValues.CONTAINS
    library = ContainerContentItem(name=codes.DCM.ImageLibrary, relationship_type=contains)
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=contains)
    images = {str(each.high.slice.path): each.high.slice.image for each in shown}
    group.ContentSequence = ContentSequence(
        [
            ImageContentItem(
                name=SOURCE,
                referenced_sop_class_uid=image.SOPClassUID,
                referenced_sop_instance_uid=image.SOPInstanceUID,
                relationship_type=contains,
            )
            for image in images.values() or [result.reference_image]
        ]
    )
    library.ContentSequence = ContentSequence([group])
    return library


def _comments(
    result: SeriesResult,
    shown: Sequence[ShownSlice],
    predecessor: ResultRecord | None,
    every_slice: bool,
) -> Iterator[str]:
    row = result.row
    yield NOTICE
    yield f"On {series_name(result.reference_image)}: {_slices(row['slices'])}."
    yield f"By {Equipment(result.classifier.bundle).text}."
    answered = f"{row['answered']} of {_slices(row['slices'])} answered on"
    yield f"Label of the series: {row['rule_says'] or 'none'}; {answered}."
    yield f"Of a series: {row['rule']}."
    if result.highest:
        nowhere = "" if any(each.regions for each in shown) else ", which is nowhere"
        highest = _slices(len(result.highest))
        yield (
            f"Named below: {highest} with the highest mean, at least {APART:g} mm apart. Marked there: where "
            f"the evidence comes to {100 * CLEAR:.0f} % of the strongest red of heat maps{nowhere}."
        )
    if predecessor is not None:
        yield f"Takes the place of report {predecessor.number} on this series: more of its images have come."
    if not all(slice_.certain for slice_ in result.slices):
        yield UNCERTAIN_TEXT
    if doubts := row["doubts"]:
        yield f"To be doubted: {doubts}."
    warned = sum(
        bool(slice_.prediction.reason) for slice_ in result.slices if slice_.prediction.status == "ok"
    )
    if warned:
        where = ", which stands with the slice" if every_slice else ""
        yield f"{_slices(warned)} with an answer that has a reservation{where}."


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"

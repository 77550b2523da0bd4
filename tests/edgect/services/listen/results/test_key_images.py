"""The highest slices as a Key Object Selection."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset, uid

from edgect.pipeline import Pipeline
from edgect.rows import NOTICE
from tests.edgect.services.listen.results.made import items, result_of


def test_the_highest_slices_are_selected_from_the_highest_down(
    everything: dict[str, Dataset], pipeline: Pipeline, sent: Path
) -> None:
    selection = everything["key-images"]
    assert (selection.SOPClassUID, selection.Modality) == (uid.KeyObjectSelectionDocumentStorage, "KO")
    selected = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in items(selection, "IMAGE")]
    highest = result_of(pipeline, sent).highest
    assert selected == [high.slice.image.SOPInstanceUID for high in highest]
    assert next(
        item.TextValue for item in items(selection, "TEXT") if "Research" in item.TextValue
    ).startswith(NOTICE)
    (study,) = selection.CurrentRequestedProcedureEvidenceSequence
    evidence = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert {reference.ReferencedSOPInstanceUID for reference in evidence} == set(selected)

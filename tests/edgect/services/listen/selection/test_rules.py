"""What rules leave out, and what the file of rules may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from edgect.errors import UsageError
from edgect.services.listen.selection.image_attributes import read_attributes
from edgect.services.listen.selection.rules import LIMITS, TEXTS, load
from edgect.services.listen.selection.selection import select
from edgect.services.listen.storage.spool import SpooledImage
from tests.edgect.scans.dicom_files import CANARY, enhanced, hounsfield, write
from tests.edgect.services.listen.listen_process import image, save

ROOT = Path(__file__).parents[5]


def left_out(folder: Path, rules: str, dataset: Dataset | bytes) -> str:
    """By which rule; empty for none."""
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    file = save(folder / "image.dcm", dataset)
    return load(folder / "rules.toml").of_image(read_attributes(file))


def request(text: str) -> list[Dataset]:
    item = Dataset()
    item.RequestedProcedureDescription = text
    return [item]


CHEST, NO_SHARP, NO_PET = (
    '[include]\nbody_part = ["CHEST*"]',
    '[exclude]\nkernel = ["B7*"]',
    ('[exclude]\nrequested_procedure = ["PET*"]'),
)
NO_BONE = '[exclude]\nseries_description = ["*bone*"]'
THIN, NO_THICK = "[include]\nslice_thickness = { max = 3 }", "[exclude]\nslice_thickness = { min = 5 }"


@pytest.mark.parametrize(
    ("rules", "changes", "rule"),
    [
        (CHEST, {"BodyPartExamined": "CHEST"}, ""),
        (CHEST.lower(), {"BodyPartExamined": "CHEST "}, ""),
        (CHEST, {"BodyPartExamined": "HEAD"}, "include body_part"),
        (CHEST, {}, "include body_part"),
        ('[include]\nbody_part = ["CHEST*", ""]', {}, ""),
        (NO_SHARP, {"ConvolutionKernel": "B70f"}, "exclude kernel"),
        (NO_SHARP, {"ConvolutionKernel": ["Br36", "B70f"]}, "exclude kernel"),
        (NO_SHARP, {"ConvolutionKernel": "B31f"}, ""),
        (NO_SHARP, {}, ""),
        (NO_BONE, {"SeriesDescription": "Thorax BONE"}, "exclude series_description"),
        ('[include]\nmodality = ["CT"]', {}, ""),
        ('[include]\nmodality = ["CT"]', {"Modality": "PT"}, "include modality"),
        (NO_PET, {"RequestAttributesSequence": request("PET/CT")}, "exclude requested_procedure"),
        (NO_PET, {"RequestedProcedureDescription": "CT thorax"}, ""),
        (THIN, {"SliceThickness": 3}, ""),
        (THIN, {"SliceThickness": 5}, "include slice_thickness"),
        (THIN, {}, "include slice_thickness"),
        (NO_THICK, {"SliceThickness": ""}, ""),
        (
            f"{CHEST}\n{NO_SHARP}",
            {"BodyPartExamined": "CHEST", "ConvolutionKernel": "B70f"},
            "exclude kernel",
        ),
    ],
)
def test_an_image_must_meet_all_that_is_included_and_nothing_that_is_excluded(
    tmp_path: Path, rules: str, changes: dict[str, Any], rule: str
) -> None:
    assert left_out(tmp_path, rules, image(0, **changes)) == rule


def test_enhanced_images_say_it_in_their_functional_groups(tmp_path: Path) -> None:
    dataset = enhanced([hounsfield(0), hounsfield(1)])
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness = 1.5
    kernel = Dataset()
    kernel.ConvolutionKernel = "LUNG"
    dataset.PerFrameFunctionalGroupsSequence[1].CTReconstructionSequence = [kernel]
    found = read_attributes(save(tmp_path / "a.dcm", dataset))
    assert (found.slices, found.slice_thickness, found.texts["kernel"]) == (2, 1.5, ("LUNG",))


def test_a_description_in_another_character_set_is_read(tmp_path: Path) -> None:
    dataset = image(0, SpecificCharacterSet="ISO_IR 192", SeriesDescription="Thorax Löwe")
    assert left_out(tmp_path, '[exclude]\nseries_description = ["*löwe"]', dataset) != ""


@pytest.mark.parametrize("content", [b"", b"no DICOM at all", write(image(0))[:700]])
def test_what_cannot_be_read_has_no_attributes_and_never_raises(tmp_path: Path, content: bytes) -> None:
    assert left_out(tmp_path, '[include]\nbody_part = ["CHEST"]', content) == "include body_part"


def series(folder: Path, count: int, **changes: Any) -> list[SpooledImage]:
    return [
        SpooledImage.at(save(folder / f"{number}.dcm", image(number, **changes))) for number in range(count)
    ]


def test_slices_are_counted_with_those_that_have_an_answer(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("[include]\nslices = { min = 3 }")
    rules = load(tmp_path / "rules.toml")
    two = series(tmp_path / "two", 2)
    selection = select(rules, two, answered=0)
    assert (selection.images, [group.rule for group in selection.left_out]) == ([], ["include slices"])
    assert select(rules, two, answered=1).images == two
    assert select(rules, series(tmp_path / "three", 3), answered=0).left_out == []


def test_part_of_a_series_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('[exclude]\nkernel = ["B70f"]\nslices = { max = 1 }')
    rules = load(tmp_path / "rules.toml")
    soft = series(tmp_path / "soft", 2, ConvolutionKernel="B31f")
    sharp = series(tmp_path / "sharp", 1, ConvolutionKernel="B70f", SeriesNumber=9)
    selection = select(rules, [*soft, *sharp], answered=0)
    (group,) = selection.left_out
    assert (selection.images, group.rule, group.images) == (soft, "exclude kernel", sharp)
    assert str(group.first.label) == "series 9 'Thorax 5.0', kernel B70f"
    assert CANARY not in str(group.first.label)
    assert rules.names == ["exclude kernel", "exclude slices"]


WRONG = {
    "[include]\nkernel == 3": ("is no TOML", "line 2"),
    "": ("holds no rule", "[include] or [exclude]"),
    "[include]": ("holds no rule", ""),
    "[includes]\nkernel = []": ("includes is none of the tables", "[include] and [exclude]"),
    'include = ["B70f"]': ("include is none of the tables", ""),
    '[include]\nkernle = ["B70f"]': ("include.kernle is not known", "kernel, requested_procedure"),
    '[exclude]\nkernel = "B70f"': ("exclude.kernel must be a list", '["CHEST*"'),
    "[exclude]\nkernel = []": ("exclude.kernel must be a list", ""),
    "[exclude]\nkernel = [70]": ("exclude.kernel must be a list", ""),
    "[include]\nslices = 20": ("include.slices must be limits", "{ min = 0.5, max = 5 }"),
    "[include]\nslices = {}": ("include.slices must be limits", ""),
    "[include]\nslices = { least = 20 }": ("include.slices must be limits", ""),
    '[include]\nslices = { min = "20" }': ("include.slices must be limits", "numbers"),
    "[include]\nslices = { min = nan }": ("include.slices must be limits", "numbers"),
    "[include]\nslices = { min = true }": ("include.slices must be limits", "numbers"),
    "[include]\nslices = { min = 9, max = 2 }": ("has a min of 9 over its max of 2", "swap them"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_file_is_said_with_file_and_key(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        load(file)
    assert str(error.value).startswith(f"--rules {file}: ")
    assert all(part in str(error.value) for part in WRONG[text])


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('[include]\nbody_part = ["BRÜST"]'.encode("latin-1"))
    with pytest.raises(UsageError, match="save it as UTF-8"):
        load(tmp_path / "latin.toml")


def test_the_example_of_the_documentation_holds_what_it_says(tmp_path: Path) -> None:
    documentation = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    example = documentation.split("```toml\n")[1].split("```")[0]
    known = {"SliceThickness": 1, "BodyPartExamined": "CHEST"}
    bone = {"SeriesDescription": "Thorax 1.0 B70f", "ConvolutionKernel": "B70f"}
    assert left_out(tmp_path, example, image(0, **known)) == ""
    assert left_out(tmp_path, example, image(0, **known, **bone)) == "exclude kernel"
    assert (
        left_out(tmp_path, example, image(0, **{**known, "BodyPartExamined": "HEAD"})) == "include body_part"
    )
    assert all(f"| `{key}` |" in documentation for key in (*TEXTS, *LIMITS))

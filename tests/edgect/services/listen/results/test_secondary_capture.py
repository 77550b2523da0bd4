"""Pictures: the slice and its heat map side by side, the patient's right on the left of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from edgect.pipeline import Pipeline
from edgect.services.listen.results.options import ResultOptions
from edgect.services.listen.results.picture import GAP
from tests.edgect.services.listen.listen_process import image, save
from tests.edgect.services.listen.results.made import made
from tests.volume_inputs import hounsfield

PICTURES = ResultOptions.of(["sc"])
WAYS = {
    "from the head": (np.s_[:, ::-1], [-1, 0, 0, 0, 1, 0]),
    "prone": (np.s_[::-1, ::-1], [-1, 0, 0, 0, -1, 0]),
    "upside down": (np.s_[::-1], [1, 0, 0, 0, -1, 0]),
}


def halves(picture: Dataset) -> tuple[np.ndarray, np.ndarray]:
    pixels = picture.pixel_array.astype(int)
    middle = pixels.shape[1] // 2
    return pixels[:, : middle - GAP // 2], pixels[:, middle + GAP // 2 :]


def test_the_slice_stands_plain_beside_its_heat_map(everything: dict[str, Dataset]) -> None:
    pictures = [dataset for name, dataset in everything.items() if name.startswith("heat-map")]
    assert [int(picture.InstanceNumber) for picture in pictures] == [1, 2, 3]
    assert len({picture.SourceImageSequence[0].ReferencedSOPInstanceUID for picture in pictures}) == 3
    for picture in pictures:
        plain, coloured = halves(picture)
        slice_ = np.s_[100:-100]
        assert (np.ptp(plain[slice_], axis=2) == 0).all()  # grey
        assert (coloured[slice_] != plain[slice_]).any(axis=2).mean() > 0.01
        assert list(picture.PatientOrientation) == ["L", "P"]
    _, highest = halves(pictures[0])
    assert (np.ptp(highest, axis=2) > 100).mean() > 0.01  # strong colours


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_same_however_the_slice_is_stored(pipeline: Pipeline, tmp_path: Path, way: str) -> None:
    """So that the letters are at the right sides."""
    turn, directions = WAYS[way]
    values = hounsfield(0)
    usual, turned = image(0), image(0, ImageOrientationPatient=directions, SOPInstanceUID="1.2.3.77")
    stored = (values[turn].astype(np.int32) + 1024).astype(np.uint16)
    turned.PixelData = np.ascontiguousarray(stored).tobytes()
    pictures = []
    for number, slice_ in enumerate((usual, turned)):
        folder = tmp_path / str(number)
        save(folder / "slice.dcm", slice_)
        pictures.append(made(pipeline, folder, PICTURES)["heat-map-1"].pixel_array)
    assert (pictures[0] == pictures[1]).all()


def test_the_letters_are_at_the_sides(everything: dict[str, Dataset]) -> None:
    for half in halves(everything["heat-map-1"]):
        top = half.shape[0] // 2
        left, right = half[top - 40 : top + 40, :28], half[top - 40 : top + 40, -28:]
        for side in (left, right):
            white = (side == 255).all(axis=2)
            dark = (side <= 64).all(axis=2)
            assert white.sum() > 20  # a letter,
            assert dark.sum() > 300  # on a dark box
        letters = [(side == 255).all(axis=2) for side in (left, right)]
        assert (letters[0] != letters[1]).any()

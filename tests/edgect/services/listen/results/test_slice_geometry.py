"""Places on a slice as it is looked at are found again in its stored image and in the patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgect.scans import Limits, Window, read_frames
from edgect.services.listen.results.slice_geometry import SliceGeometry
from tests.edgect.scans.dicom_files import ct, enhanced, hounsfield
from tests.edgect.services.listen.listen_process import save

DIRECTIONS = {
    "as usual": ([1, 0, 0], [0, 1, 0]),
    "from the head": ([-1, 0, 0], [0, 1, 0]),
    "prone": ([-1, 0, 0], [0, -1, 0]),
    "upside down": ([1, 0, 0], [0, -1, 0]),
    "transposed": ([0, 1, 0], [1, 0, 0]),
    "a quarter turn": ([0, 1, 0], [-1, 0, 0]),
    "a quarter turn back": ([0, -1, 0], [1, 0, 0]),
    "transposed and turned": ([0, -1, 0], [-1, 0, 0]),
    "tilted": ([1, 0, 0], [0, 0.96, -0.28]),
}
ROW, COLUMN = 30, 80  # of the stored pixel that is looked for


@pytest.mark.parametrize("spacing", [[0.7, 0.7], [1.4, 0.7], [0.7, 1.4]])
@pytest.mark.parametrize("way", DIRECTIONS)
def test_a_bright_pixel_is_found_again(tmp_path: Path, way: str, spacing: list[float]) -> None:
    right, down = DIRECTIONS[way]
    corner = [-30.0, -50.0, 12.0]
    values = hounsfield()
    values[ROW - 2 : ROW + 3, COLUMN - 2 : COLUMN + 3] = -1000
    values[ROW, COLUMN] = 3000
    slice_ = ct(
        values, ImageOrientationPatient=[*right, *down], ImagePositionPatient=corner, PixelSpacing=spacing
    )
    path = save(tmp_path / "slice.dcm", slice_)
    (frame,) = read_frames(path.read_bytes(), path.name, Limits(), Window())
    assert frame.pixels is not None
    pixels = frame.pixels.astype(np.float32)
    geometry = SliceGeometry.read(path, None, frame.pixels.shape, Limits())  # type: ignore[arg-type]

    again = geometry.to_stored(pixels)
    assert again.shape == values.shape
    near = again[ROW - 2 : ROW + 3, COLUMN - 2 : COLUMN + 3]
    assert np.unravel_index(near.argmax(), near.shape) == (2, 2)

    spot = np.zeros(values.shape, np.uint8)
    spot[ROW, COLUMN] = 255
    sought = geometry._turn.apply(spot)  # where it is looked at, in turned pixels
    y, x = (float(place[0]) + 0.5 for place in np.nonzero(sought))
    height, width = sought.shape
    seen = np.asarray([[x * frame.pixels.shape[1] / width, y * frame.pixels.shape[0] / height]])
    assert geometry.stored_points(seen) == pytest.approx(np.asarray([[COLUMN + 0.5, ROW + 0.5]]))
    expected = (
        np.asarray(corner)
        + COLUMN * spacing[1] * np.asarray(right)
        + ROW * spacing[0] * np.asarray(down)  # from centre to centre
    )
    assert geometry.patient_points(seen) == pytest.approx(expected[np.newaxis], abs=1e-6)


def test_points_stay_within_the_image(tmp_path: Path) -> None:
    path = save(tmp_path / "slice.dcm", ct())
    geometry = SliceGeometry.read(path, None, (96, 112), Limits())
    assert geometry.stored_points(np.asarray([[-3.0, 200.0]])).tolist() == [[0.0, 96.0]]


def test_a_frame_has_its_own_place(tmp_path: Path) -> None:
    several = enhanced([hounsfield(1), hounsfield(2), hounsfield(3)])
    path = save(tmp_path / "enhanced.dcm", several)
    geometries = [SliceGeometry.read(path, frame, (96, 112), Limits()) for frame in range(3)]
    assert len({geometry.corner for geometry in geometries}) == 3
    assert {(geometry.rows, geometry.columns) for geometry in geometries} == {(96, 112)}


def test_without_a_position_or_a_spacing_nothing_is_known_of_the_patient(tmp_path: Path) -> None:
    for number, keyword in enumerate(("ImagePositionPatient", "PixelSpacing")):
        path = save(tmp_path / f"{number}.dcm", ct(**{keyword: None}))
        assert SliceGeometry.read(path, None, (96, 112), Limits()).patient_points(np.ones((1, 2))) is None

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice
from tests.train.small_runs import SIZE, training_items
from train.data.covid_ct import COVID, DataError, Item
from train.multi_source.crops import AIR, TISSUE, Crops, preprocessing_steps


@pytest.fixture
def few(data: Path, tmp_path: Path) -> tuple[Path, list[Item]]:
    """A folder of the test's own, and what lies in it."""
    items = training_items(data, ["luna-slices"])[:3]
    shutil.copytree(data / "luna-slices", tmp_path / "own" / "luna-slices")
    return tmp_path / "own", items


def same(first: Crops, second: Crops) -> bool:
    names = ("images", "lungs", "cropped")
    equal = all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names)
    return equal and first.items == second.items


def test_crops_are_what_a_bundle_with_these_steps_shows_its_network(crops: Crops, data: Path) -> None:
    assert crops.images.shape == (len(crops.items), *SIZE)
    assert crops.images.dtype == np.uint8
    preprocess = Preprocess(preprocessing_steps(SIZE))
    for place in (0, 40, -1):
        expected, placement = preprocess(read_slice(data / crops.items[place].path))
        assert placement.region == "lungs"
        np.testing.assert_array_equal(crops.images[place], expected[0])


def test_lungs_are_outlined_on_every_drawn_chest(crops: Crops) -> None:
    assert crops.cropped.all()
    assert crops.lungs.shape == crops.images.shape
    for image, lungs, item in zip(crops.images, crops.lungs, crops.items, strict=True):
        assert 0.3 < lungs.mean() < 0.7
        assert np.median(image[~lungs]) == pytest.approx(TISSUE, abs=20)
        if item.path.startswith("luna-slices"):  # nothing in them
            assert np.median(image[lungs]) == pytest.approx(AIR, abs=20)


def test_a_picture_without_lungs_is_kept_whole_and_said_to_be(tmp_path: Path) -> None:
    picture = np.full((40, 60), 128, np.uint8)
    picture[:10] = 140
    Image.fromarray(picture).save(tmp_path / "table.png")
    crops = Crops.read([Item("table.png", COVID, "x")], tmp_path, SIZE)
    assert not crops.cropped.any()
    assert not crops.lungs.any()
    expected, _ = Preprocess(preprocessing_steps(SIZE, crop=False))(picture)
    np.testing.assert_array_equal(crops.images, expected)


def test_uncropped_is_whole_slices_without_outlines(few: tuple[Path, list[Item]]) -> None:
    folder, items = few
    crops = Crops.read(items, folder, SIZE, crop=False)
    resize = Preprocess([{"step": "resize", "height": SIZE[0], "width": SIZE[1]}])
    for image, item in zip(crops.images, items, strict=True):
        np.testing.assert_array_equal(image, resize(read_slice(folder / item.path))[0][0])
    assert not crops.lungs.any()
    assert not crops.cropped.any()


def test_kept_crops_are_the_same_and_are_used(few: tuple[Path, list[Item]], tmp_path: Path) -> None:
    folder, items = few
    plain, kept = Crops.read(items, folder, SIZE), Crops.read(items, folder, SIZE, tmp_path / "new" / "cache")
    assert same(plain, kept)
    shutil.rmtree(folder)
    assert same(plain, Crops.read(items, folder, SIZE, tmp_path / "new" / "cache"))


@pytest.mark.parametrize("other", ["fewer", "another order", "another size", "uncropped"])
def test_kept_crops_answer_for_nothing_else(other: str, few: tuple[Path, list[Item]], tmp_path: Path) -> None:
    folder, items = few
    Crops.read(items, folder, SIZE, tmp_path)
    selection = {"fewer": items[:2], "another order": items[::-1]}.get(other, items)
    size, crop = ((40, 60) if other == "another size" else SIZE), other != "uncropped"
    assert same(
        Crops.read(selection, folder, size, tmp_path, crop), Crops.read(selection, folder, size, crop=crop)
    )


@pytest.mark.parametrize("content", [None, b"", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_file_is_named_and_nothing_kept(
    content: bytes | None, few: tuple[Path, list[Item]], tmp_path: Path
) -> None:
    folder, items = few
    broken = folder / items[1].path
    broken.unlink() if content is None else broken.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(broken.name)):
        Crops.read(items, folder, SIZE, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*"))


def test_some_of_them_are_chosen_by_their_places(crops: Crops) -> None:
    chosen = crops.select(np.array([7, 2]))
    assert chosen.items == [crops.items[7], crops.items[2]]
    for name in ("images", "lungs", "cropped"):
        np.testing.assert_array_equal(getattr(chosen, name), getattr(crops, name)[[7, 2]])

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.few_slices import few_slices
from train.data.arrangements import arrangement
from train.data.covid_ct import DataError
from train.data.images import Slices
from train.data.packed import PackedData, pack
from train.networks.pretrained import WeightsError

SIZE = 67


@pytest.mark.parametrize("number", [1, 2])
def test_an_arrangement_unpacked_is_the_one_read(packed: Path, covid_ct: Path, number: int) -> None:
    with few_slices():
        data, split = PackedData.read(packed), arrangement(number, covid_ct)
    assert data.splits[number] == split
    assert data.image_size == SIZE
    ours, read = data.slices(number), Slices.read(split, covid_ct, SIZE)
    for name in ("images", "labels", "val_images", "val_labels"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(read, name), err_msg=name)


def test_no_slice_of_a_test_part_is_in_the_file(packed: Path) -> None:
    data = PackedData.read(packed)
    held_out = {item.path for split in data.splits.values() for item in split.test}
    assert len(data.images) == len(data.paths) == len(set(data.paths))
    assert not held_out & set(data.paths)


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="python -m train pack"):
        PackedData.read(tmp_path / "nowhere.npz")
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    with pytest.raises(DataError, match="python -m train pack"):
        PackedData.read(tmp_path / "other.npz")


def test_what_are_no_weights_is_refused_before_anything_is_written(covid_ct: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.npz").write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"weights\.npz"):
        pack(covid_ct, tmp_path / "packed.npz", SIZE, tmp_path / "weights.npz")
    assert not (tmp_path / "packed.npz").exists()

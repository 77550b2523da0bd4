from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from train.data import sirm
from train.data.arrangements import arrangement, second_test
from train.data.augmentation import FACTOR
from train.data.covid_ct import COVID, NOT_COVID, DataError

REAL = os.environ.get("EDGECT_DATA")


def counts(split) -> list[tuple[int, int]]:
    parts = (split.train, split.val, split.test)
    return [(sum(i.label == COVID for i in p), sum(i.label != COVID for i in p)) for p in parts]


@pytest.fixture
def own_data(covid_ct: Path, tmp_path: Path) -> Path:
    shutil.copytree(covid_ct, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_arrangement_1_has_the_counts_of_table_1(covid_ct: Path) -> None:
    assert counts(arrangement(1, covid_ct)) == [(191, 191), (60, 58), (98, 95)]


def test_arrangement_2_has_the_counts_of_table_2(covid_ct: Path) -> None:
    assert counts(arrangement(2, covid_ct)) == [(251, 191), (80, 58), (108, 95)]


def test_augmented_training_sets_have_the_papers_sizes(covid_ct: Path) -> None:
    assert [FACTOR * len(arrangement(number, covid_ct).train) for number in (1, 2)] == [1528, 1768]


def test_arrangement_2_adds_sirm_to_arrangement_1_and_nothing_else(covid_ct: Path) -> None:
    first, second = arrangement(1, covid_ct), arrangement(2, covid_ct)
    for part in ("train", "val", "test"):
        kept = [item for item in second.part(part) if not item.path.startswith("sirm/")]
        assert kept == first.part(part)


def test_test_2_is_all_of_sirm_with_the_negatives_of_test_1(covid_ct: Path) -> None:
    split = arrangement(1, covid_ct)
    items = second_test(split, covid_ct)
    assert len(items) == 193
    assert {i.path for i in items if i.label == COVID} == {i.path for i in sirm.slices(covid_ct)}
    assert [i for i in items if i.label == NOT_COVID] == [i for i in split.test if i.label == NOT_COVID]
    with pytest.raises(DataError, match="arrangement 2 trains on its images"):
        second_test(arrangement(2, covid_ct), covid_ct)


def test_sirm_is_ordered_by_number_and_neighbours_share_a_block(covid_ct: Path) -> None:
    items = sirm.slices(covid_ct)
    assert [item.path.split("_")[1] for item in items] == [f"{number}.webp" for number in range(98)]
    blocks = [item.patient for item in items]
    assert len(set(blocks[:4])) == 1
    assert blocks[3] != blocks[4]
    assert blocks[10] == blocks[43]  # twins


def test_incomplete_sirm_is_named(own_data: Path) -> None:
    (own_data / "sirm/test48_60.webp").unlink()
    with pytest.raises(DataError, match="sirm: 97 slices"):
        arrangement(2, own_data)
    arrangement(1, own_data)


@pytest.mark.parametrize("number", [1, 2])
def test_no_image_and_no_patient_is_in_two_parts(covid_ct: Path, number: int) -> None:
    split = arrangement(number, covid_ct)
    for of in (lambda item: item.path, lambda item: item.patient):
        parts = [{of(item) for item in part} for part in (split.train, split.val, split.test)]
        assert len(set.union(*parts)) == sum(map(len, parts))


def test_the_cut_follows_its_seed(covid_ct: Path) -> None:
    assert arrangement(1, covid_ct) == arrangement(1, covid_ct)
    other = arrangement(1, covid_ct, cut_seed=1)
    assert other.train != arrangement(1, covid_ct).train
    assert other.val == arrangement(1, covid_ct).val  # nothing is cut from validation


def test_a_split_survives_json(covid_ct: Path) -> None:
    split = arrangement(1, covid_ct)
    assert type(split).from_json(split.to_json()) == split


def test_unknown_arrangement(covid_ct: Path) -> None:
    with pytest.raises(DataError, match="arrangement 7"):
        arrangement(7, covid_ct)


def test_wrong_folder_names_what_data_should_be(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be the folder that holds covid-ct"):
        arrangement(1, tmp_path)


def test_missing_image_is_named(own_data: Path) -> None:
    (own_data / "covid-ct/Images/CT_COVID/train-5.png").unlink()
    with pytest.raises(DataError, match=r"train-5\.png: missing"):
        arrangement(1, own_data)


@pytest.mark.parametrize("edit", [lambda lines: lines[:-1], lambda lines: [*lines[:-1], lines[0]]])
def test_miscounted_list_is_named(own_data: Path, edit) -> None:
    listing = own_data / "covid-ct/Data-split/NonCOVID/valCT_NonCOVID.txt"
    listing.write_text("\n".join(edit(listing.read_text().split())))
    with pytest.raises(DataError, match=r"valCT_NonCOVID\.txt: 5[78] lines, 57 of them different"):
        arrangement(1, own_data)


def test_missing_patient_is_named(own_data: Path) -> None:
    table = own_data / "covid-ct/COVID-CT-MetaInfo.csv"
    table.write_text("".join(line for line in table.open() if not line.startswith("val-3.png")))
    with pytest.raises(DataError, match=r"no patient for val-3\.png"):
        arrangement(1, own_data)


def test_patient_in_two_parts_is_refused(own_data: Path) -> None:
    table = own_data / "covid-ct/COVID-CT-MetaInfo.csv"
    table.write_text(table.read_text().replace("test patient 2\n", "train patient 2\n"))
    with pytest.raises(DataError, match="train patient 2"):
        arrangement(1, own_data)


@pytest.mark.skipif(REAL is None, reason="EDGECT_DATA does not name the real data")
def test_the_real_data_have_the_counts_of_tables_1_and_2() -> None:
    split = arrangement(1, Path(str(REAL)))
    assert counts(split) == [(191, 191), (60, 58), (98, 95)]
    assert split.train[0].path == "covid-ct/Images/CT_COVID/2020.01.24.919183-p27-132.png"
    assert counts(arrangement(2, Path(str(REAL)))) == [(251, 191), (80, 58), (108, 95)]
    assert len(second_test(split, Path(str(REAL)))) == 193

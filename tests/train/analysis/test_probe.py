from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgect.errors import ScanError
from train.analysis.probe import TOP_FEATURES, probe
from train.analysis.shortcut_features import GROUPS, features
from train.data.arrangements import Arrangement, arrangement
from train.data.covid_ct import DataError, Item

Save = Callable[[Image.Image, Path, int], None]


@pytest.fixture(autouse=True)
def a_small_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.analysis.probe.TREES", 100)


def noise(seed: int = 0, height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(40, 200, (height, width), np.uint8)


def as_png(image: Image.Image, path: Path, label: int) -> None:
    image.save(path, "PNG")


def not_covid_as_jpeg(image: Image.Image, path: Path, label: int) -> None:
    image.save(path, "PNG" if label else "JPEG")


def write_split(folder: Path, save: Save) -> Arrangement:
    """20 files of noise of each class in each part; nothing but `save` can tell the classes apart."""
    parts: dict[str, list[Item]] = {}
    for start, part in enumerate(("train", "val", "test")):
        parts[part] = []
        for number in range(40):
            path = folder / f"{part}-{number}.png"  # whatever is in it
            save(Image.fromarray(noise(40 * start + number)), path, number % 2)
            parts[part].append(Item(path.name, number % 2, f"{part} {number}"))
    return Arrangement(1, 0, **parts)


@pytest.mark.parametrize(
    ("form", "mode", "channels"),
    [("PNG", "L", 1), ("PNG", "RGBA", 4), ("PNG", "P", 1), ("JPEG", "RGB", 3), ("BMP", "L", 1)],
)
def test_file_facts_are_told_by_content(tmp_path: Path, form: str, mode: str, channels: int) -> None:
    path = tmp_path / "slice.webp"
    Image.fromarray(noise()).convert(mode).save(path, form)
    values = features(path)
    formats = {name for name in ("PNG", "JPEG", "WEBP", "TIFF", "BMP") if values[f"file: {name}"]}
    assert formats == {form}
    assert values["file: channels"] == channels
    assert values["file: palette"] == (mode == "P")
    assert (values["file: width"], values["file: height"]) == (64, 48)
    assert values["file: aspect ratio"] == pytest.approx(64 / 48)
    assert values["file: bytes per pixel"] == pytest.approx(path.stat().st_size / (64 * 48))


def test_border_and_grey_levels(tmp_path: Path) -> None:
    pixels = np.full((40, 50), 100, np.uint8)
    pixels[0] = 255
    pixels[1:, 0] = 0
    as_png(Image.fromarray(pixels), tmp_path / "slice.png", 0)
    values = features(tmp_path / "slice.png")
    assert values["border: top white"] == 1
    assert values["border: left black"] == pytest.approx(39 / 40)
    assert values["border: right mean"] == pytest.approx((255 + 39 * 100) / 40)
    assert values["border: bottom std"] == pytest.approx(pixels[-1].std())
    assert values["grey levels: black"] == pytest.approx(39 / 2000)
    assert values["grey levels: distinct"] == 3
    assert values["grey levels: bin 6"] == pytest.approx(39 * 49 / 2000)  # 96 to 111
    assert sum(values[f"grey levels: bin {number}"] for number in range(16)) == pytest.approx(1)


def test_only_thin_bright_strokes_are_text(tmp_path: Path) -> None:
    pixels = np.full((60, 60), 100, np.uint8)
    pixels[30:50, 30:50] = 255
    as_png(Image.fromarray(pixels), tmp_path / "block.png", 0)
    pixels[10:12, 10:30] = 255
    as_png(Image.fromarray(pixels), tmp_path / "stroke.png", 0)
    assert features(tmp_path / "block.png")["text: strokes"] == 0
    values = features(tmp_path / "stroke.png")
    assert values["text: strokes"] == pytest.approx(40 / 3600)
    assert values["text: strokes of bright"] == pytest.approx(40 / 440)


def test_a_shortcut_in_the_files_is_found_and_named(tmp_path: Path) -> None:
    result = probe(write_split(tmp_path, not_covid_as_jpeg), tmp_path, "val", groups=["file", "border"])
    assert list(result["results"]) == ["all", "file", "border"]
    by_file = result["results"]["file"]
    assert by_file["features"] == 11
    for metric in ("accuracy", "auc"):
        assert by_file[metric] == {"value": 1, "interval": [pytest.approx(0.87, abs=0.05), 1]}
    assert next(iter(result["telling"])).startswith("file: ")
    assert len(result["telling"]) == TOP_FEATURES
    assert result["files"]["train"] == result["files"]["val"]
    assert result["files"]["train"]["COVID"] == {"formats": {"PNG": 20}, "channels": {"1": 20}}
    assert result["files"]["train"]["NonCOVID"] == {"formats": {"JPEG": 20}, "channels": {"1": 20}}


def test_where_there_is_no_shortcut_none_is_found(tmp_path: Path) -> None:
    result = probe(write_split(tmp_path, as_png), tmp_path, "val")
    assert list(result["results"]) == ["all", *GROUPS, "border + grey levels"]
    for one_set in result["results"].values():
        low, high = one_set["auc"]["interval"]
        assert low <= 0.5 <= high


def test_trains_on_the_training_part_alone(covid_ct: Path) -> None:
    split = arrangement(1, covid_ct)
    result = probe(split, covid_ct, "val", groups=["grey levels"])  # patches in the lungs are grey levels too
    assert (result["images"], result["patients"]) == (118, 40)
    assert result["results"]["all"]["auc"]["value"] > 0.95
    turned = [Item(item.path, 1 - item.label, item.patient) for item in split.train]
    against = Arrangement(1, 0, turned, split.val, split.test)
    assert probe(against, covid_ct, "val", groups=["grey levels"])["results"]["all"]["auc"]["value"] < 0.05


def test_the_seed_decides_the_answer_which_is_json(tmp_path: Path) -> None:
    split = write_split(tmp_path, as_png)
    first, again, other = (probe(split, tmp_path, "test", ["border"], seed) for seed in (0, 0, 1))
    assert json.loads(json.dumps(first, allow_nan=False)) == first == again
    assert first["telling"] != other["telling"]
    assert str(tmp_path) not in json.dumps(first)


@pytest.mark.parametrize("groups", [[], ["lungs"]])
def test_unknown_groups_are_refused(tmp_path: Path, groups: list[str]) -> None:
    with pytest.raises(ValueError, match="some of file, border, grey levels, text, not"):
        probe(write_split(tmp_path, as_png), tmp_path, "val", groups)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    split = write_split(tmp_path, as_png)
    (tmp_path / "train-7.png").write_bytes(b"no image")
    with pytest.raises(ScanError, match=r"train-7\.png"):
        features(tmp_path / "train-7.png")
    with pytest.raises(DataError, match=r"train-7\.png"):
        probe(split, tmp_path, "val")

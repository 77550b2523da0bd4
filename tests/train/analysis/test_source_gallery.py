from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from tests.train.small_runs import SIZE
from train.analysis import gallery as pictures
from train.analysis import source_gallery
from train.data.covid_ct import COVID, Item
from train.data.sources import read_source, released
from train.multi_source import crops as reading
from train.multi_source.crops import Crops
from train.multi_source.run import MultiSourceRun
from train.networks import predict

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def drawn(finished: MultiSourceRun, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """All pictures, with the titles and rows of each and the slices that were read for them."""
    with pytest.MonkeyPatch.context() as patch:
        return Drawn(finished, data, tmp_path_factory.mktemp("gallery"), patch)


class Drawn:
    def __init__(self, run: MultiSourceRun, data: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.titles, self.read = folder, {}, []
        self.rows: dict[str, list[str]] = {}
        read, save = Crops.read, pictures.save

        def reads(items: Sequence[Item], *rest: object, **named: object) -> Crops:
            self.read += items
            return read(items, *rest, **named)

        def saves(figure: object, path: Path) -> None:
            axes: list[Axes] = [axis for axis in figure.axes if axis.get_visible()]
            self.titles[path.name] = [axis.get_title() for axis in axes]
            self.rows[path.name] = [axis.get_ylabel() for axis in axes if axis.get_ylabel()]
            save(figure, path)

        patch.setattr(reading.Crops, "read", reads)
        patch.setattr(source_gallery, "save", saves)
        source_gallery.draw_figures(run, data, folder)


def test_there_are_crops_and_maps_of_every_source(drawn: Drawn) -> None:
    names = {f"{kind}-{source}.png" for kind in ("crops", "maps") for source in released()}
    assert {path.name for path in drawn.folder.iterdir()} == names
    assert drawn.titles.keys() == names


def test_no_test_part_is_read(drawn: Drawn, data: Path) -> None:
    read = {item.path for item in drawn.read}
    for name in released():
        source = read_source(name, data)
        assert not read & {item.path for item in source.test}
        assert read & {item.path for item in source.val}


def test_crops_are_taken_evenly_over_the_training_part(drawn: Drawn, data: Path) -> None:
    for name in released():
        items = read_source(name, data).train
        places = np.rint(np.linspace(0, len(items) - 1, min(20, len(items)))).astype(int)
        titles = [title.split("\n")[0] for title in drawn.titles[f"crops-{name}.png"]]
        assert titles == [pictures.short(items[place]) for place in places]


def test_lungs_are_outlined_in_red(drawn: Drawn) -> None:
    for name in released():
        picture = np.asarray(Image.open(drawn.folder / f"crops-{name}.png").convert("RGB"))
        red = (picture[..., 0] > 200) & (picture[..., 1:] < 60).all(2)
        titles = [title for title in drawn.titles[f"crops-{name}.png"] if source_gallery.WHOLE not in title]
        assert red.sum() >= 20 * len(titles)


def test_ten_right_and_ten_wrong_answers_with_label_and_probability(
    drawn: Drawn, finished: MultiSourceRun, data: Path, cache: Path
) -> None:
    for name in released():
        crops = Crops.read(read_source(name, data).val, data, SIZE, cache)
        scores = predict.probabilities(predict.logits(finished.network(), crops.images))
        right = (scores >= finished.threshold()) == [item.label == COVID for item in crops.items]
        expected = []
        for chosen in (right, ~right):
            places = source_gallery.evenly_spaced(np.flatnonzero(chosen), 10)
            assert len(places) == min(10, chosen.sum())
            expected += [f"{pictures.short(crops.items[n])}\nP(COVID-19) = {scores[n]:.2f}" for n in places]
        titles = drawn.titles[f"maps-{name}.png"]
        assert [title.removesuffix(f", {source_gallery.WHOLE}") for title in titles] == expected
        rows = {"right": -(-min(10, right.sum()) // 5), "wrong": -(-min(10, (~right).sum()) // 5)}
        assert drawn.rows[f"maps-{name}.png"] == [kind for kind, count in rows.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("length", "count", "expected"),
    [
        (0, 3, []),
        (2, 3, [0, 1]),
        (3, 3, [0, 1, 2]),
        (9, 3, [0, 4, 8]),
        (9, 1, [0]),
        (100, 5, [0, 25, 50, 74, 99]),
    ],
)
def test_places_are_even(length: int, count: int, expected: list[int]) -> None:
    assert source_gallery.evenly_spaced(np.arange(length), count).tolist() == expected


def test_every_picture_is_the_same_when_made_again(
    finished: MultiSourceRun, data: Path, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        items = read_source("mosmed", data).train[:4]
        source_gallery.lung_crops(finished, items, data, tmp_path / folder / "crops.png")
    assert (tmp_path / "a/crops.png").read_bytes() == (tmp_path / "b/crops.png").read_bytes()

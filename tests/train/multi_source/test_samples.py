from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest

from tests.train.small_runs import PLAIN, crops_of, draw_crop, recipe
from train.multi_source.crops import TISSUE, Crops
from train.multi_source.samples import Samples
from train.multi_source.transplants import opacity_map

STEPS = 40
COUNTS = {
    "covid-ct/COVID": 30,
    "covid-ct/NonCOVID": 5,
    "sars-cov-2-ct/COVID": 6,
    "sars-cov-2-ct/NonCOVID": 24,
    "luna-slices/UID": 45,
    "mosmed/CT-0": 20,
    "mosmed/CT-1": 10,
    "mosmed/CT-2": 10,
}
WEIGHTS = {"covid-ct": 1.0, "sars-cov-2-ct": 1.0, "luna-slices": 0.5}


def draws(counts: Mapping[str, int], **changes: Any) -> tuple[list[str], list[float]]:
    """Paths and targets of many samples in which nothing is changed."""
    crops = crops_of(counts)
    samples = Samples(crops, recipe(**{**PLAIN, "batch_size": 32, **changes}))
    paths, targets = [], []
    for step in range(STEPS):
        batch = samples.batch(step)
        paths += [crops.items[int(image[0, 0])].path for image in batch.images]
        targets += batch.targets.tolist()
    return paths, targets


def shares(paths: list[str], depth: int) -> dict[str, float]:
    """How often each source (depth 1) or folder (depth 2) was drawn."""
    counts = Counter("/".join(path.split("/")[:depth]) for path in paths)
    return {name: count / len(paths) for name, count in counts.items()}


def of_chests() -> Crops:
    """Chests as training sees them, each with its own grey level in the corner."""
    counts = {"luna-slices/UID": 3, "mosmed/CT-0": 3, "sars-cov-2-ct/COVID": 3, "sars-cov-2-ct/NonCOVID": 3}
    chests = [draw_crop(opacity=(45, 60) if place >= 6 else None) for place in range(12)]
    images = np.array([image for image, _ in chests])
    images[:, :4, :4] = np.arange(12, dtype=np.uint8)[:, None, None]
    return crops_of(counts, images, np.array([lungs for _, lungs in chests]))


def test_seed_and_step_decide_a_batch(crops: Crops) -> None:
    batch = Samples(crops, recipe()).batch(3)
    assert {part.shape for part in batch[:3]} == {(4, *crops.images.shape[1:])}
    assert [part.dtype for part in batch] == [np.uint8, bool, np.uint8, np.float32]
    samples = Samples(crops, recipe())
    samples.batch(8)  # which batches were drawn before does not matter
    for first, again in zip(batch, samples.batch(3), strict=True):
        np.testing.assert_array_equal(first, again)
    assert (batch.images != samples.batch(4).images).any()
    assert (batch.images != Samples(crops, recipe(seed=1)).batch(3).images).any()


def test_drawing_leaves_the_slices_as_they_are(crops: Crops) -> None:
    before = crops.images.copy(), crops.lungs.copy()
    Samples(crops, recipe(batch_size=40, transplants=0.5, outside=0.7)).batch(0)
    np.testing.assert_array_equal(crops.images, before[0])
    np.testing.assert_array_equal(crops.lungs, before[1])


def test_balanced_draws_have_both_classes_alike_and_sources_by_weight_within_each() -> None:
    paths, targets = draws(COUNTS, sources=WEIGHTS)
    covid = [path for path, target in zip(paths, targets, strict=True) if target > 0.5]
    assert len(covid) / len(paths) == pytest.approx(0.5, abs=0.05)
    assert shares(covid, 1) == pytest.approx({"covid-ct": 0.5, "sars-cov-2-ct": 0.5}, abs=0.07)
    others = [path for path, target in zip(paths, targets, strict=True) if target < 0.5]
    wanted = {"covid-ct": 0.4, "sars-cov-2-ct": 0.4, "luna-slices": 0.2}
    assert shares(others, 1) == pytest.approx(wanted, abs=0.07)


def test_every_slice_of_a_class_of_a_source_is_as_likely() -> None:
    counts = Counter(draws({"sars-cov-2-ct/COVID": 5, "sars-cov-2-ct/NonCOVID": 5})[0])
    assert len(counts) == 10
    assert max(counts.values()) < 1.5 * min(counts.values())


def test_unbalanced_draws_follow_the_counts_of_slices() -> None:
    counts = {name: count for name, count in COUNTS.items() if "CT-1" not in name}
    drawn_shares = shares(draws(counts, balanced=False)[0], 2)
    total = sum(counts.values())
    assert drawn_shares == pytest.approx({name: count / total for name, count in counts.items()}, abs=0.05)


@pytest.mark.parametrize("weights", [{"sars-cov-2-ct": 1.0}, {"sars-cov-2-ct": 1.0, "covid-ct": 0.0}])
def test_a_source_that_is_left_out_or_has_no_weight_is_not_drawn(weights: dict[str, float]) -> None:
    paths, _ = draws(COUNTS, sources=weights)
    assert shares(paths, 1) == {"sars-cov-2-ct": 1.0}


def test_mild_slices_are_rarer_and_have_their_own_target() -> None:
    paths, targets = draws(COUNTS, sources={"mosmed": 1.0}, smoothing=0.1)
    wanted = {"mosmed/CT-0": 0.1, "mosmed/CT-1": 0.75, "mosmed/CT-2": 0.9}
    for path, target in zip(paths, targets, strict=True):
        assert target == pytest.approx(wanted[path.rsplit("/", 1)[0]])
    drawn_shares = shares(paths, 2)
    assert drawn_shares["mosmed/CT-1"] / drawn_shares["mosmed/CT-2"] == pytest.approx(0.25, abs=0.08)


def test_blanked_slices_have_no_lungs_and_no_answer() -> None:
    crops = of_chests()
    batch = Samples(crops, recipe(**{**PLAIN, "blanked": 1.0, "batch_size": 24})).batch(0)
    assert (batch.targets == 0.5).all()
    assert not batch.opacities.any()
    for image in batch.images:
        assert set(np.unique(image[crops.lungs[0]])) == {TISSUE}


def test_what_has_no_lungs_is_not_blanked() -> None:
    _, targets = draws(COUNTS, sources=WEIGHTS, blanked=1.0, smoothing=0.05)
    assert {round(target, 3) for target in targets} == {0.05, 0.95}


def test_every_transplant_is_into_a_healthy_slice_and_brings_its_donors_answer() -> None:
    crops = of_chests()
    crops.cropped[0] = False  # no lungs were found: nowhere to lay an opacity
    samples = Samples(crops, recipe(**{**PLAIN, "transplants": 1.0, "batch_size": 200}))
    images, lungs, opacities, targets = samples.batch(0)
    recipients = {int(image[0, 0]) for image in images}
    assert recipients == {1, 2, 3, 4, 5}
    assert 70 < (targets == np.float32(0.95)).sum() < 130
    assert set(targets.tolist()) == {np.float32(0.95), np.float32(0.05)}
    inside = cv2.erode(lungs[0].astype(np.uint8), np.ones((9, 9))) > 0
    sides = set()
    for image, hazy in zip(images[:20], opacities, strict=False):
        assert ((hazy > 127) == (opacity_map(image, lungs[0]) > 127))[inside].mean() > 0.98
        sides.add(np.argwhere((hazy > 127) & inside)[:, 1].mean() > image.shape[1] / 2)
    assert sides == {False, True}  # half of them mirrored


def test_without_opacities_to_move_slices_are_drawn_as_they_are() -> None:
    paths, _ = draws(COUNTS, sources=WEIGHTS, transplants=1.0)
    assert paths == draws(COUNTS, sources=WEIGHTS)[0]


def test_the_outside_is_replaced_and_the_lungs_are_not() -> None:
    crops = of_chests()
    images = Samples(crops, recipe(**{**PLAIN, "outside": 1.0, "batch_size": 24})).batch(0).images
    corners = images[:, 20:40, 0]
    assert (corners != TISSUE).any(1).mean() > 0.25
    inside = {crop[mask].tobytes() for crop, mask in zip(crops.images, crops.lungs, strict=True)}
    assert {image[crops.lungs[0]].tobytes() for image in images} <= inside


@pytest.mark.parametrize("part", ["geometric", "intensity"])
def test_augmentation_changes_most_samples(part: str) -> None:
    crops, plain = of_chests(), recipe(**{**PLAIN, "batch_size": 24})
    changed = recipe(**{**PLAIN, "batch_size": 24, part: True})
    as_they_are = {image.tobytes() for image in crops.images}
    assert {image.tobytes() for image in Samples(crops, plain).batch(0).images} <= as_they_are
    different = [image.tobytes() not in as_they_are for image in Samples(crops, changed).batch(0).images]
    assert np.mean(different) > 0.9


def test_a_source_without_covid_19_is_drawn_with_both_labels_where_opacities_are_laid_in() -> None:
    chests = of_chests()
    laid_in = recipe(
        **{**PLAIN, "batch_size": 32},
        sources={"sars-cov-2-ct": 1.0, "luna-slices": 1.0},
        laid_in=("luna-slices",),
    )
    samples, seen = Samples(chests, laid_in), Counter[tuple[str, bool]]()
    for step in range(STEPS):
        for image, target in zip(*samples.batch(step)[::3], strict=True):
            place = int(image[0, 0])
            seen[chests.items[place].source, target > 0.5] += 1
            if chests.items[place].source == "luna-slices":
                changed = not np.array_equal(image, chests.images[place])
                assert changed == (target > 0.5)
    assert seen.keys() == {
        (name, label) for name in ("sars-cov-2-ct", "luna-slices") for label in (False, True)
    }
    assert min(seen.values()) > 0.8 * max(seen.values())

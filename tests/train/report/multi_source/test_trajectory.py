from __future__ import annotations

import shutil
from pathlib import Path

from tests.train.report.multi_source.reading import rows
from train.report.multi_source import trajectory

COLUMNS = [
    f"{average}, {layer}"
    for average in ("weights", "exponential", "dense")
    for layer in ("as trained", "fitted to the others")
]


def test_the_mean_over_sources_left_out_by_steps(runs: Path) -> None:
    """The fakes' AUC: 0.6, 0.1 more after 400 steps, 0.02 less with seed 2, severe ones 0.03 more."""
    head, _, *table = rows(trajectory.sources_left_out(runs))
    assert head == ["steps", *COLUMNS]
    assert [row[0] for row in table] == ["200", "400"]
    assert table[0][1:] == ["0.600 (0.590 to 0.610)"] * 4 + [""] * 2
    assert table[1][1:] == ["0.700 (0.690 to 0.710)"] * 6


def test_each_source_and_one_never_seen(runs: Path) -> None:
    head, _, *table = rows(trajectory.each_source(runs))
    assert head[1:] == ["COVID-CT", "SARS-CoV-2-CT", "MosMed, CT-0 against CT-2 to CT-4"]
    assert table[0] == ["200", *["0.590 (0.580 to 0.600)"] * 2, "0.620 (0.610 to 0.630)"]
    assert rows(trajectory.never_seen(runs))[2][1] == "0.500 (0.500 to 0.500)"


def test_differences_are_to_what_is_shipped_in_the_same_training(runs: Path) -> None:
    table = {(row[0], row[1]): row[2:] for row in rows(trajectory.differences(runs))[2:]}
    assert table["200", "exponential"] == ["-0.100 (-0.100 to -0.100)", "0 of 6"] * 2
    assert table["400", "dense"] == ["+0.000 (+0.000 to +0.000)", "0 of 6"] * 2
    assert table.keys() == {(n, a) for n in ("200", "400") for a in ("weights", "exponential", "dense")} - {
        ("200", "dense"),
        ("400", "exponential"),
    }


def test_a_mean_is_of_seeds_that_every_source_was_left_out_with(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs"
    shutil.copytree(runs, copy)
    shutil.rmtree(copy / trajectory.FOLDER / "without-mosmed-seed-2")
    assert rows(trajectory.sources_left_out(copy))[2][1] == "0.610"
    assert rows(trajectory.each_source(copy))[2][1] == "0.590 (0.580 to 0.600)"
    assert rows(trajectory.differences(copy))[2][3] == "0 of 5"
    shutil.rmtree(copy / trajectory.FOLDER)
    assert "not measured" in trajectory.sources_left_out(copy)

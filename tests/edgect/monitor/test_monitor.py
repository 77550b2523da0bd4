"""`edgect monitor` on trails of invented answers."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from edgect.audit.contents import answer
from edgect.audit.trail import Trail
from edgect.cli import main
from tests.edgect.audit.trails import DAY, clock, files
from tests.edgect.batch import earlier_rows

Row = dict[str, Any]


def slices(seed: int, studies: int, shift: float = 0.0, each: int = 1, **more: Any) -> list[Row]:
    """Of studies whose slices are alike; one study in ten is rejected."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(studies):
        probability, distance = rng.beta(2, 4), 10 + shift + rng.normal()
        row: Row = {"probability": probability, "distance": distance, "study": f"{seed}-{number}", **more}
        if rng.random() < 0.1:
            row |= {"status": "rejected", "label": "", "probability": None, "reason": "no lungs found"}
        rows += [row] * each
    return rows


def write(folder: Path, rows: list[Row], day: int = 0, outcome: str = "new") -> Path:
    with Trail(folder, "serve", now=clock(DAY + timedelta(days=day), timedelta(seconds=1))) as trail:
        trail.append(
            *(answer(earlier_rows.row("s", **row), trail.identifiers, "http", outcome) for row in rows)
        )
    return folder


def monitor(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["monitor", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return write(tmp_path / "baseline", slices(0, 800))


def test_a_week_like_the_baseline_is_no_drift(tmp_path: Path, baseline: Path) -> None:
    code, text = monitor(write(tmp_path / "week", slices(1, 300)), "--baseline", baseline)
    assert (code, text.splitlines()[-1]) == (0, "no drift")
    assert "300 studies with 300 slices" in text


def test_drift_is_named_drawn_and_exit_code_4(tmp_path: Path, baseline: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs edgect[plots]")
    week = write(tmp_path / "week", slices(1, 300, shift=1.0))
    code, text = monitor(week, "--baseline", baseline, "--plot", tmp_path / "week.png")
    assert (code, text.splitlines()[-1]) == (4, "DRIFT: distance")
    assert (tmp_path / "week.png").read_bytes().startswith(b"\x89PNG")
    code, text = monitor(week, "--baseline", baseline, "--format", "json")
    tests = json.loads(text)["tests"]
    assert [name for name, test in tests.items() if test["drift"]] == ["distance"]
    assert tests["distance"]["adjusted_p_value"] >= 52 * tests["distance"]["p_value"]
    assert monitor(week, "--baseline", baseline, "--least", "0.9")[0] == 0


def test_more_rejections_are_drift(tmp_path: Path, baseline: Path) -> None:
    rows = slices(1, 300)
    for row in rows[:100]:
        row |= {"status": "rejected", "label": "", "probability": None, "reason": "almost blank: nearly"}
    code, text = monitor(write(tmp_path / "week", rows), "--baseline", baseline)
    assert (code, text.splitlines()[-1]) == (4, "DRIFT: unanswered")


def test_many_slices_of_a_study_count_once(tmp_path: Path) -> None:
    few, many = slices(1, 40, each=50), slices(2, 40, each=50)
    baseline, week = write(tmp_path / "baseline", few), write(tmp_path / "week", many)
    code, text = monitor(week, "--baseline", baseline, "--format", "json")
    document = json.loads(text)
    assert (code, document["current"]["studies"], document["current"]["slices"]) == (0, 40, 2000)


def test_a_trail_may_be_its_own_baseline(tmp_path: Path) -> None:
    trail = write(tmp_path / "trail", slices(0, 400))
    write(trail, slices(1, 200, shift=2.0), day=7)
    assert len(files(trail)) == 2
    code, text = monitor(trail, "--since", "2026-02-05", "--baseline", trail, "--format", "json")
    document = json.loads(text)
    assert (code, document["baseline"]["studies"], document["current"]["studies"]) == (4, 400, 200)
    assert monitor(trail, "--until", "2026-02-05", "--baseline", files(trail)[1])[0] == 4


def test_answers_that_were_given_before_count_once(tmp_path: Path, baseline: Path) -> None:
    week = write(tmp_path / "week", slices(1, 100))
    write(week, slices(2, 100, shift=5.0), outcome="kept")
    code, text = monitor(week, "--baseline", baseline)
    assert (code, "100 studies" in text) == (0, True)


@pytest.mark.parametrize("case", ["few", "bundle", "none"])
def test_what_cannot_be_compared_is_no_verdict(tmp_path: Path, baseline: Path, case: str) -> None:
    rows = {"few": slices(1, 20), "bundle": slices(1, 100, bundle="1" * 12), "none": slices(1, 1)}[case]
    week = write(tmp_path / "week", rows, outcome="picture" if case == "none" else "new")
    reasons = {"few": "too few studies", "bundle": "no answer of bundle", "none": "no answer in that period"}
    code, text = monitor(week, "--baseline", baseline)
    assert (code, reasons[case] in text) == (2, True)


def test_an_altered_trail_is_not_compared(tmp_path: Path, baseline: Path) -> None:
    week = write(tmp_path / "week", slices(1, 100))
    (file,) = files(week)
    file.write_bytes(file.read_bytes().replace(b'"status":"rejected"', b'"status":"error"', 1))
    code, text = monitor(week, "--baseline", baseline)
    assert (code, "edgect audit verify" in text) == (1, True)

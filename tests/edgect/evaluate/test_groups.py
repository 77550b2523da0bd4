"""Series and patients: by the same rule as elsewhere, whatever says which slices are of one series."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from edgect.cli import main
from edgect.evaluate.groups import patients_of, series_of
from edgect.evaluate.rows import LabelledSlice
from edgect.rows.columns import COLUMNS
from edgect.rows.series import SeriesRows
from edgect.sources.labels import Case
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import ct, write
from tests.edgect.synthetic import write_scan
from tests.volume_inputs import hounsfield

Evaluate = Callable[..., Result]
LABELS = ("not COVID-19", "COVID-19")


@pytest.fixture
def evaluate() -> Evaluate:
    def run(*arguments: object) -> Result:
        line = ["evaluate", "--backend", "onnxruntime", *map(str, arguments)]
        return CliRunner().invoke(main, line, catch_exceptions=False)

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """A table of eight pictures in two series of four, with further columns by number of the picture."""

    def table(**columns: Callable[[int], object]) -> Path:
        lines = [",".join(("path", "label", *columns))]
        for number in range(8):
            write_scan(tmp_path / f"{number}.png", number)
            cells = (f"{number}.png", number // 4, *(cell(number) for cell in columns.values()))
            lines.append(",".join(map(str, cells)))
        (tmp_path / "t.csv").write_text("\n".join(lines))
        return tmp_path / "t.csv"

    return table


def row(path: str, probability: float | None = None, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {"frame": None, "position": None, "path": path, "probability": probability}
    label = "" if probability is None else LABELS[probability >= 0.5]
    return row | {"status": "rejected" if probability is None else "ok", "label": label} | more


def labelled(path: str, probability: float | None, label: int = 0, **more: Any) -> LabelledSlice:
    case = Case(path, label, more.pop("patient", ""), more.pop("given", ""))
    return LabelledSlice.of(case, row(path, probability, **more))


def write_series(folder: Path, uid: str, seeds: range) -> None:
    folder.mkdir(parents=True)
    for number, seed in enumerate(seeds):
        dataset = ct(hounsfield(seed), ImagePositionPatient=[0, 0, -2.5 * number], SeriesInstanceUID=uid)
        (folder / f"IM{number}").write_bytes(write(dataset))


def test_folders_of_dicom_series_are_judged_as_classify_judges_them(
    evaluate: Evaluate, classify: Classify, tmp_path: Path
) -> None:
    write_series(tmp_path / "in" / "COVID-19", "1.2.3", range(4))
    write_series(tmp_path / "in" / "normal" / "ward", "1.2.4", range(3, 7))
    rows = tmp_path / "series.csv"
    classify(tmp_path / "in", "--backend", "onnxruntime", "--series", rows)
    with rows.open(newline="") as file:
        said = [series["rule_says"] for series in csv.DictReader(file)]
    done = evaluate(tmp_path / "in", "--by", "series", "--format", "json")
    groups = json.loads(done.stdout)["groups"]
    assert (groups["count"], groups["unplaced"], groups["alone"], groups["unit"]) == (2, 0, 0, "series")
    assert groups["answered"]["count"] == 2
    counted = groups["answered"]["confusion"]
    assert (counted["tp"], counted["fp"]) == tuple(int(label == LABELS[1]) for label in said)


def test_positions_of_a_table_have_neighbours_averaged(
    evaluate: Evaluate, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    evaluate(pictures(), "--rows", rows)
    with rows.open(newline="") as file:
        probabilities = [float(row["probability"]) for row in csv.DictReader(file)]
    highest, mean = max(probabilities[:4]), sum(probabilities[:4]) / 4
    options = ("--by", "series", "--format", "json", "--threshold", (highest + mean) / 2)
    loose = json.loads(evaluate(pictures(series=lambda n: n // 4), *options).stdout)
    table = pictures(series=lambda n: n // 4, position_mm=lambda n: n)
    placed = json.loads(evaluate(table, *options).stdout)
    assert loose["groups"]["answered"]["confusion"]["fp"] == 1
    assert placed["groups"]["answered"]["confusion"]["fp"] == 0
    assert (loose["groups"]["unplaced"], placed["groups"]["unplaced"]) == (2, 0)
    assert "not averaged" in " ".join(loose["notes"])
    assert "not averaged" not in " ".join(placed["notes"])
    assert {name: loose[name] for name in ("schema", "coverage", "answered", "calibration")} == {
        name: placed[name] for name in ("schema", "coverage", "answered", "calibration")
    }


def test_patients_have_the_series_they_have(evaluate: Evaluate, pictures: Callable[..., Path]) -> None:
    done = evaluate(
        pictures(patient=lambda n: f"p{n // 4}", series=lambda n: n % 2),
        *("--by", "patient", "--format", "json"),
    )
    groups = json.loads(done.stdout)["groups"]
    assert (groups["count"], groups["series"], groups["positives"]) == (2, 4, 1)
    assert (groups["unit"], groups["units"]) == ("patient", 2)
    table = evaluate(pictures(patient=lambda n: f"p{n // 4}"), "--by", "patient").stdout
    assert "1 COVID-19, 1 not of 8 series" in table
    assert "8 slices are of no known series" in " ".join(table.split())


def test_unknown_patients_are_2_before_anything_is_answered(
    evaluate: Evaluate, pictures: Callable[..., Path]
) -> None:
    done = evaluate(pictures(), "--by", "patient")
    assert (done.exit_code, "column patient" in done.stderr, done.stdout) == (2, True, "")


def test_a_position_that_is_none_is_2(evaluate: Evaluate, pictures: Callable[..., Path]) -> None:
    done = evaluate(pictures(position=lambda n: "HFS" if n == 1 else n), "--by", "series")
    assert done.exit_code == 2
    assert "line 3: position 'HFS' is no number of millimetres" in done.stderr


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.floats(0, 1) | st.none(),
            st.floats(-20, 20) | st.none(),
            st.sampled_from(("0 0 1", "0 0.6 0.8", "")),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_score_is_that_of_the_rows_of_series(
    slices: list[tuple[str, float | None, float | None, str]],
) -> None:
    rows = SeriesRows(LABELS, 0.5)
    given_slices = []
    for number, (series, probability, position, normal) in enumerate(slices):
        more = {"series": series, "position": position, "normal": normal}
        rows.add(row(f"{number}.dcm", probability, **more))
        given_slices.append(labelled(f"{number}.dcm", probability, **more))
    expected = [each["highest_smoothed"] for each in rows.rows()]
    scores = [each.score for each in series_of(given_slices, LABELS[1])]
    assert [None if score is None else round(score, 6) for score in scores] == expected


def test_what_the_files_say_goes_before_what_the_folder_says() -> None:
    in_folder = {"given": "ward"}
    series = series_of(
        [
            labelled("a", 0.9, series="1", label=1, **in_folder),
            labelled("b", 0.2, series="2", **in_folder),
            labelled("damaged", None, **in_folder),
            labelled("c", 0.3, series="1", given="other"),
            labelled("damaged too", None, given="other"),
            labelled("d", 0.4, frame=0),
            labelled("d", 0.1, frame=1),
            labelled("e", 0.6),
        ],
        LABELS[1],
    )
    assert [(each.slices, each.score, each.truth, each.alone) for each in series] == [
        (3, 0.9, 1, 0),  # of one series, though in two folders, with a damaged file that came with it
        (1, 0.2, 0, 0),
        (1, None, 0, 0),  # of either series of its folder
        (2, 0.4, 0, 0),  # two frames of one file
        (1, 0.6, 0, 1),
    ]


def test_series_of_one_name_are_those_of_their_patients() -> None:
    slices = [labelled(str(n), n / 10, label=n // 2, patient=f"p{n // 2}", given="1") for n in range(4)]
    series = series_of(slices, LABELS[1])
    assert [each.score for each in series] == [0.1, 0.3]
    patients = patients_of(series)
    assert [(each.name, each.truth, each.score) for each in patients] == [("p0", 0, 0.1), ("p1", 1, 0.3)]

"""Series and patients: by the same rule as elsewhere, whatever says which slices are of one series."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.cli import main
from edgect.evaluate.groups import patients_of, series_of
from edgect.evaluate.rows import LabelledSlice
from edgect.model.decision.labels import Decision
from edgect.rows.columns import COLUMNS
from edgect.rows.series import SeriesRows
from edgect.sources.labels import Case
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import ct, write
from tests.edgect.synthetic import write_scan
from tests.volume_inputs import hounsfield

Evaluate = Callable[..., Result]
LABELS = ("not COVID-19", "COVID-19")
DECISION = Decision(LABELS, 0.5, "balanced")


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
    labelled_ = [label for label in said if label in LABELS]
    assert (groups["answered"]["count"], groups["indeterminate"]) == (
        len(labelled_),
        said.count("indeterminate"),
    )
    counted = groups["answered"]["confusion"]
    assert (counted["tp"], counted["fp"]) == tuple(int(label == LABELS[1]) for label in said)


def test_indeterminate_series_are_neither_right_nor_wrong(
    evaluate: Evaluate, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    """Four slices of each series: all of one reach the threshold, and none or some of the other."""
    rows, table = tmp_path / "rows.csv", pictures(series=lambda n: n // 4)
    evaluate(table, "--rows", rows)
    with rows.open(newline="") as file:
        probabilities = [float(row["probability"]) for row in csv.DictReader(file)]
    lowest = max(min(probabilities[:4]), min(probabilities[4:]))
    reached = [sum(value >= lowest for value in probabilities[n : n + 4]) for n in (0, 4)]
    assert (
        sorted(reached)[0] < 2 < sorted(reached)[1] == 4
    )  # four of four are enough, one or none says nothing
    options = ("--by", "series", "--format", "json", "--threshold", lowest)
    groups = json.loads(evaluate(table, *options).stdout)["groups"]
    assert (groups["count"], groups["indeterminate"], groups["answered"]["count"]) == (2, 1, 1)
    counted = groups["answered"]["confusion"]
    assert (counted["tp"] + counted["fp"], counted["tn"] + counted["fn"]) == (1, 0)
    assert (counted["tp"] == 1) == (reached[1] == 4)
    assert "1 of 2 labelled, 1 indeterminate" in " ".join(
        evaluate(table, "--by", "series", "--threshold", lowest).stdout.split()
    )


def test_the_rule_needs_no_positions(evaluate: Evaluate, pictures: Callable[..., Path]) -> None:
    options = ("--by", "series", "--format", "json")
    loose = json.loads(evaluate(pictures(series=lambda n: n // 4), *options).stdout)["groups"]
    table = pictures(series=lambda n: n // 4, position_mm=lambda n: n)
    placed = json.loads(evaluate(table, *options).stdout)["groups"]
    assert (loose.pop("unplaced"), placed.pop("unplaced")) == (2, 0)
    assert loose == placed


def test_patients_have_the_series_they_have(evaluate: Evaluate, pictures: Callable[..., Path]) -> None:
    done = evaluate(
        pictures(patient=lambda n: f"p{n // 4}", series=lambda n: n % 2),
        *("--by", "patient", "--format", "json"),
    )
    groups = json.loads(done.stdout)["groups"]
    assert (groups["count"], groups["series"], groups["positives"]) == (2, 4, 1)
    assert (groups["unit"], groups["units"]) == ("patient", 2)
    table = evaluate(pictures(patient=lambda n: f"p{n // 4}"), "--by", "patient").stdout
    assert "1 COVID-19, 1 not of 2 series" in table
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


@settings(deadline=None)
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
def test_series_have_the_label_of_their_rows(
    slices: list[tuple[str, float | None, float | None, str]],
) -> None:
    decision = Decision(LABELS, 0.5, "")
    rows = SeriesRows(decision)
    given_slices = []
    for number, (series, probability, position, normal) in enumerate(slices):
        more = {"series": series, "position": position, "normal": normal}
        rows.add(row(f"{number}.dcm", probability, **more))
        given_slices.append(labelled(f"{number}.dcm", probability, **more))
    series = series_of(given_slices, decision)
    for each, expected in zip(series, rows.rows(), strict=True):
        said = "indeterminate" if each.indeterminate else "" if each.says is None else LABELS[each.says]
        assert said == expected["rule_says"]
        assert not each.answered or (each.probability >= 0.5) == each.says


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
        DECISION,
    )
    assert [(each.slices, each.bounds is None, each.truth, each.alone) for each in series] == [
        (3, False, 1, 0),  # of one series, though in two folders, with a damaged file that came with it
        (1, False, 0, 0),
        (1, True, 0, 0),  # of either series of its folder
        (2, False, 0, 0),  # two frames of one file
        (1, False, 0, 1),
    ]


def test_series_of_one_name_are_those_of_their_patients() -> None:
    slices = [labelled(str(n), n / 20, label=n // 10, patient=f"p{n // 10}", given="1") for n in range(20)]
    series = series_of(slices, DECISION)
    assert [(each.slices, each.says) for each in series] == [(10, False), (10, True)]
    patients = patients_of(series)
    assert [(each.name, each.truth, each.says) for each in patients] == [("p0", 0, False), ("p1", 1, True)]


@pytest.mark.parametrize(
    ("series", "says"),
    [
        ([(0.9, 20), (0.1, 20)], True),
        ([(0.1, 20), (0.1, 20)], False),
        ([(0.1, 20), (0.1, 2)], None),  # too few slices in one that may be COVID-19
        ([(0.1, 20), (None, 20)], False),  # no answer at all on one
        ([(None, 3)], None),
    ],
)
def test_a_patient_is_covid_19_where_any_series_is(
    series: list[tuple[float | None, int]], says: bool | None
) -> None:
    slices = [
        labelled(f"{name} {number}", probability, patient="p", given=str(name))
        for name, (probability, count) in enumerate(series)
        for number in range(count)
    ]
    (patient,) = patients_of(series_of(slices, DECISION))
    assert patient.says is says


def test_slices_of_a_patient_without_a_series_are_one() -> None:
    slices = [labelled(str(n), 0.9, patient=f"p{n % 2}") for n in range(6)] + [labelled("6", 0.9)]
    series = series_of(slices, DECISION)
    assert [(each.name, each.slices, each.alone) for each in series] == [
        ("p0", 3, 3),
        ("p1", 3, 3),
        ("6", 1, 1),
    ]

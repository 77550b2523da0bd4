"""What was measured is kept, judged and written as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import report, results
from benchmarks.__main__ import main
from benchmarks.figures import Figure, Section
from benchmarks.harness.options import Options
from benchmarks.topics import TOPICS

FAST = Figure("lungs", "ratio", 3.0, "x", at_least=3)
SLOW = Figure("cnn1", "ratio", 2.9996, "x", at_least=3)
LARGE = Figure("lungs", "memory", 220.04, "MB", at_most=220)
PLAIN = Figure("lungs", "kernel", "brgconv_I8")


@pytest.fixture
def circumstances() -> results.Circumstances:
    return results.Circumstances.now(Options(bundles=("lungs",)))


def test_a_figure_is_met_at_its_target_and_not_beyond() -> None:
    assert [figure.met for figure in (FAST, SLOW, LARGE, PLAIN)] == [True, False, False, None]


def test_what_misses_its_target_is_not_rounded_to_it() -> None:
    assert SLOW.shown == "2.9996 x"
    assert LARGE.shown == "220.04 MB"
    assert Figure("lungs", "memory", 149.6123, "MB", at_most=220).shown == "149.6 MB"
    assert Figure("lungs", "images", 20_000).shown == "20,000"


def test_results_of_several_runs_are_put_together(
    tmp_path: Path, circumstances: results.Circumstances
) -> None:
    file = tmp_path / "results.json"
    assert results.read(file) == {}
    results.add("cold", circumstances, [Section("From cold", "how", (FAST, PLAIN))], file)
    results.add("speed", circumstances, [Section("Speed", "how", (SLOW,))], file)
    results.add("cold", circumstances, [Section("From cold", "how", (LARGE,))], file)
    stored = results.read(file)
    assert {topic: result.sections[0].figures for topic, result in stored.items()} == {
        "cold": (LARGE,),
        "speed": (SLOW,),
    }
    assert list(tmp_path.iterdir()) == [file]


def test_missed_figures_stay_in_the_report(circumstances: results.Circumstances) -> None:
    sections = (
        Section("Speed", "as measured", (FAST, SLOW, PLAIN)),
        Section("Emulated", "Not measured: no emulator."),
    )
    text = report.render({"speed": results.Result("speed", circumstances, sections)})
    assert "**1 of 2 targets met, 1 missed.**" in text
    assert "| Speed: cnn1 | ratio |" in text
    assert "|  | ratio (≥ 3 x) | kernel |" in text
    assert "| lungs | 3 x met | brgconv_I8 |" in text
    assert "**MISSED**" in text
    assert "Not measured: no emulator." in text
    assert f"Not measured: {', '.join(topic for topic in TOPICS if topic != 'speed')}." in text
    assert circumstances.machine["CPU"] in text


def test_a_figure_of_few_slices_is_neither_met_nor_missed_where_its_interval_reaches_the_target(
    circumstances: results.Circumstances,
) -> None:
    few = Figure("few", "equal labels", 97.9, "%", at_least=99, of=48, interval=(88.9, 99.9))
    many = Figure("many", "equal labels", 97.9, "%", at_least=99, of=9600, interval=(97.6, 98.2))
    section = Section("Parity", "how", (few, many))
    assert Section.from_json(section.to_json()) == section
    text = report.render({"parity": results.Result("parity", circumstances, (section,))})
    assert "**0 of 2 targets met, 1 missed, 1 not shown.**" in text
    assert "| Parity: few | equal labels | 97.9 % | 48 | 88.9 to 99.9 | ≥ 99 % |" in text
    assert "| few | 97.9 % (88.9 to 99.9) **NOT SHOWN** |" in text
    assert "| many | 97.9 % (97.6 to 98.2) **MISSED** |" in text


def test_one_command_measures_and_writes(tmp_path: Path) -> None:
    arguments = ["--only", "memory", "--files", "3", "5", "--bundle", "lungs", "--out", str(tmp_path)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False, env={"EDGECT_DATA": ""})
    assert done.exit_code == 0, done.output
    figures = results.read(tmp_path / "results.json")["memory"].sections[0].figures
    assert {figure.what for figure in figures} == {"3 files", "5 files", "growth"}
    assert all(isinstance(f.value, float) and f.value > 50 for f in figures if f.what != "growth")
    assert "## Memory" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_the_test_split_is_not_read_without_data(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--test", "--out", str(tmp_path)], env={"EDGECT_DATA": ""})
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_topics_of_several_machines_are_told_apart(circumstances: results.Circumstances) -> None:
    other = replace(
        circumstances, machine={**circumstances.machine, "CPU": "Old Laptop", "cores": "1"}, date="2001-01-01"
    )
    updated = replace(other, versions={**other.versions, "numpy": "9.9"}, date="2001-01-02")
    measured = {
        "speed": results.Result("speed", circumstances, (Section("Speed", "how", (SLOW,)),)),
        "folder": results.Result("folder", other, (Section("A folder", "how", (FAST,)),)),
        "cold": results.Result("cold", updated, (Section("From cold", "how", (PLAIN,)),)),
    }
    text = report.render(measured)
    here, numpy = circumstances.machine["CPU"], circumstances.versions["numpy"]
    assert "|  | speed | folder, cold |" in text
    assert f"| CPU | {here} | Old Laptop |" in text
    speed, folder, cold = text.split("\n## ")[1:]
    assert f"*{here}, {circumstances.date}; " in speed
    assert "*Old Laptop, 2001-01-01; " in folder
    assert f"*With other than above: numpy {numpy}.*" in folder
    assert "*Old Laptop, 2001-01-02; " in cold
    assert "With other than above" not in speed + cold


def test_a_column_s_target_holds_for_the_rows_that_have_it_alone(
    circumstances: results.Circumstances,
) -> None:
    figures = (FAST, Figure("lungs, onnxruntime", "ratio", 1.0, "x"))
    text = report.render({"speed": results.Result("speed", circumstances, (Section("S", "how", figures),))})
    assert "| lungs, onnxruntime | 1 x |" in text
    assert "**All 1 targets met.**" in text

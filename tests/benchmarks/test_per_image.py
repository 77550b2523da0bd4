from __future__ import annotations

import json
import re
import shutil

import pytest
from click.testing import CliRunner

from benchmarks.harness.slices import EXAMPLES
from benchmarks.per_image import main
from edgect.model.backends import BACKENDS, available_cores
from edgect.model.bundles.bundle import DEFAULT, Bundle


@pytest.fixture(scope="module")
def printed_and_written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("per-image")
    scans, model, out = folder / "scans", folder / "model", folder / "times.json"
    shutil.copytree(EXAMPLES, scans)
    (scans / "notes.txt").write_text("no image")
    shutil.copytree(Bundle.load().path, model)
    done = CliRunner().invoke(
        main, ["--model", str(model), "--rounds", "1", "--out", str(out), str(scans)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["times.json"]
    return done.stdout, out.read_text()


@pytest.mark.long
def test_a_row_for_each_engine_precision_and_number_of_threads(printed_and_written: tuple[str, str]) -> None:
    result = json.loads(printed_and_written[1])
    assert result["images"] == len(list(EXAMPLES.iterdir()))  # the note is left out
    combinations = [(row["backend"], row["precision"], row["threads"]) for row in result["rows"]]
    threads = sorted({1, available_cores()})
    assert combinations == [(b, p, t) for b in BACKENDS for p in ("int8", "fp32") for t in threads]
    for row in result["rows"]:
        low, high = row["quartiles"]
        assert 0 < low <= row["milliseconds"] <= high
        assert row["seconds_for_4300"] > 4300 * low / 1000 / 2  # most images take `low` or longer
    assert result["machine"]["cpu"]
    assert result["machine"]["cores"] == available_cores()
    assert {"edgect", "python", "numpy", *BACKENDS} <= result["versions"].keys()


def test_the_record_names_no_path(printed_and_written: tuple[str, str]) -> None:
    assert re.findall(r'"[^"]*[/\\][^"]*"', printed_and_written[1]) == []


def test_the_table_says_what_is_extrapolated(printed_and_written: tuple[str, str]) -> None:
    printed = printed_and_written[0]
    assert len(re.findall(rf"^{DEFAULT} ", printed, re.MULTILINE)) == len(
        json.loads(printed_and_written[1])["rows"]
    )
    assert "* extrapolated" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-file.png"], "no such file"),
        ([__file__], "no file gets an answer"),
        (["--model", "no-such-model"], "no bundle"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1

"""`--resume`: whatever was lost, the final file is that of a run never interrupted."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from PIL import Image

from tests.edgect.conftest import Classify
from tests.edgect.synthetic import body, encode, write_scan

FORMS = pytest.mark.parametrize("form", ["csv", "jsonl"])


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Good scans, odd names, several frames, an error and a rejection."""
    folder = tmp_path / "in"
    for seed, name in enumerate(("a.png", 'b\n"x",.png', "d.png", "f\udcff.png", "h.png")):
        write_scan(folder / name, seed, 120, 150)
    rest = [Image.fromarray(body(seed, 120, 150)) for seed in (11, 12)]
    pages = encode(body(10, 120, 150), "TIFF", save_all=True, append_images=rest)
    (folder / "c.tif").write_bytes(pages)
    (folder / "z.tif").write_bytes(pages)
    (folder / "e.png").write_bytes(b"garbage")
    (folder / "g.txt").write_bytes(b"a note")
    return folder


class Run:
    """One command line, run again and again."""

    def __init__(self, classify: Classify, batch: Path, form: str) -> None:
        self.out = batch.parent / "out"
        self.partial = batch.parent / "out.partial"
        self.form = form
        self.options = ("--backend", "onnxruntime", "--format", form, "-o", self.out)
        self._line = (batch, *self.options)
        self._classify = classify

    def __call__(self, *options: object) -> list[dict[str, Any]]:
        done = self._classify(*self._line, *options)
        assert done.exit_code == 1  # e.png
        assert not self.partial.exists()
        text = self.out.read_bytes().decode("utf-8", "surrogateescape")
        if self.form == "csv":
            return list(csv.DictReader(io.StringIO(text, newline="")))
        return [json.loads(line) for line in text.splitlines()]

    def interrupt(self, kept: int) -> None:
        """Leave what a kill would after `kept` bytes were written."""
        content = self.out.read_bytes()
        self.out.unlink()
        self.partial.write_bytes(content[:kept])


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "milliseconds"} for row in rows]


def times(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["path"] + str(row["frame"]): row["milliseconds"] for row in rows if row["status"] == "ok"}


@FORMS
def test_rows_cut_off_anywhere_are_made_up_for(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    whole = run()
    assert len(whole) == 13
    size = run.out.stat().st_size
    draw = random.Random(0)
    for kept in (0, 1, size - 1, *(draw.randrange(size) for _ in range(12))):
        run.interrupt(kept)
        assert untimed(run("--resume")) == untimed(whole), f"{kept} of {size} bytes kept"


@FORMS
def test_what_was_answered_is_not_answered_again(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    before = times(run())
    run.interrupt(run.out.stat().st_size)
    after = times(run("--resume"))
    assert len(before) == 11
    last = {key for key in before if "z.tif" in key}  # its frames may not all have been there
    assert {key: after[key] for key in before.keys() - last} == {
        key: before[key] for key in before.keys() - last
    }


@FORMS
def test_resuming_a_finished_run_keeps_its_rows(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    first = run()
    assert times(run("--resume")) == times(first)
    assert times(run()) != times(first)  # without --resume, everything is answered anew


def test_resuming_twice_loses_nothing(classify: Classify, batch: Path) -> None:
    run = Run(classify, batch, "csv")
    first = run()
    for part in (0.7, 0.4):
        run.interrupt(int(run.out.stat().st_size * part))
        last = run("--resume")
    assert untimed(last) == untimed(first)
    assert last[0]["milliseconds"] == first[0]["milliseconds"]


def test_rows_read_ahead_are_not_taken_for_written(classify: Classify, batch: Path) -> None:
    """Stopped while rows are replayed, a run on many threads has lost none of those before it."""
    run = Run(classify, batch, "csv")
    whole = run("--threads", 4)
    run.interrupt(run.out.stat().st_size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "edgect.batch.output.FileRows.keep", Mock(side_effect=[None, None, None, KeyboardInterrupt])
        )
        stopped = classify(batch, *run.options, "--threads", 4, "--resume")
    assert stopped.exit_code == 130
    kept = list(csv.DictReader(run.partial.open(errors="surrogateescape", newline="")))
    assert untimed(kept) == untimed(whole[:-3])  # not z.tif: its frames may not all have been there


def test_nothing_to_resume_is_a_plain_run(classify: Classify, batch: Path) -> None:
    assert len(Run(classify, batch, "csv")("--resume")) == 13


@FORMS
def test_a_file_that_changed_is_answered_again(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    before = run()
    write_scan(batch / "d.png", 77, 120, 150)
    after = run("--resume")
    (was,) = (row for row in before if row["path"].endswith("d.png"))
    (now,) = (row for row in after if row["path"].endswith("d.png"))
    assert now["sha256"] != was["sha256"]
    assert now["probability"] != was["probability"]
    other_rows = times(before).keys() - times([was]).keys()
    assert {key: times(after)[key] for key in other_rows} == {key: times(before)[key] for key in other_rows}


@FORMS
def test_an_error_is_tried_again(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    whole = run()
    content = run.out.read_bytes()
    assert b"not an image" in content
    run.out.write_bytes(content.replace(b"not an image", b"out of memory"))
    after = {row["status"]: row["reason"] for row in run("--resume")}
    assert after["error"] == next(row["reason"] for row in whole if row["status"] == "error")
    assert "out of memory" in after["rejected"]  # g.txt: that was an answer, and is kept


@FORMS
@pytest.mark.parametrize(
    "options", [("--threshold", "0"), ("--precision", "fp32"), ("--backend", "openvino")]
)
def test_other_settings_answer_again(
    classify: Classify, batch: Path, form: str, options: tuple[str, ...]
) -> None:
    run = Run(classify, batch, form)
    run()
    assert untimed(run(*options, "--resume")) == untimed(run(*options))


def test_another_format_answers_again(classify: Classify, batch: Path) -> None:
    whole = Run(classify, batch, "csv")()
    assert len(Run(classify, batch, "jsonl")("--resume")) == len(whole)


@FORMS
def test_files_added_and_removed_are_taken_as_they_are(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    before = run()
    (batch / "a.png").unlink()
    write_scan(batch / "aa.png", 9)
    rows = run("--resume")
    assert untimed(rows) == untimed(run())
    assert [row for row in rows if row["path"].endswith("h.png")] == [
        row for row in before if row["path"].endswith("h.png")
    ]


@FORMS
@pytest.mark.parametrize(
    "tail", [b"\0" * 200_000, b'"' + b"x" * 200_000 + b"\n", b"\xff\n,\n\n", b"[]\n{}\nnull\n"]
)
def test_a_garbled_tail_is_left_out(classify: Classify, batch: Path, form: str, tail: bytes) -> None:
    run = Run(classify, batch, form)
    whole = run()
    run.interrupt(run.out.stat().st_size // 2)
    run.partial.write_bytes(run.partial.read_bytes() + tail)
    assert untimed(run("--resume")) == untimed(whole)


@FORMS
def test_a_garbled_number_is_left_out(classify: Classify, batch: Path, form: str) -> None:
    run = Run(classify, batch, form)
    whole = run()
    content = run.out.read_bytes()
    run.interrupt(0)
    run.partial.write_bytes(content.replace(b"0.5", b"0x5"))
    assert untimed(run("--resume")) == untimed(whole)


def test_heat_maps_that_are_gone_are_drawn_again(classify: Classify, batch: Path) -> None:
    run, maps = Run(classify, batch, "csv"), batch.parent / "maps"
    whole = run("--cam", maps)
    drawn = sorted(path.name for path in maps.iterdir())
    (maps / drawn[0]).unlink()
    assert untimed(run("--cam", maps, "--resume")) == untimed(whole)
    assert sorted(path.name for path in maps.iterdir()) == drawn


@pytest.mark.parametrize("options", [(), ("--format", "csv"), ("-o", "out.txt")])
def test_resuming_needs_a_file_of_rows(
    classify: Classify, scan: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(scan.parent)
    done = classify(scan, "--backend", "onnxruntime", "--resume", *options)
    assert done.exit_code == 2
    assert "--resume" in done.stderr

"""A batch goes on, or says what stays, whatever happens to its files and its output meanwhile."""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgect.machine.lock import open_locked
from edgect.rows.columns import COLUMNS
from edgect.scans import find_scans
from tests.edgect.cli.test_exit_codes import one_line
from tests.edgect.conftest import Classify
from tests.edgect.synthetic import write_scan

ORT = ("--backend", "onnxruntime", "--threads", 1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


def untimed(path: Path) -> list[dict[str, str]]:
    return [{**row, "milliseconds": ""} for row in rows(path)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


@pytest.fixture
def to_out(classify: Classify, scans: Path, out: Path) -> Classify:
    """Classify the three scans to out.csv."""
    return lambda *options: classify(scans, *ORT, "--format", "csv", "-o", out, *options)


@pytest.fixture
def partial(to_out: Classify, out: Path) -> Path:
    """What a run killed after its second row leaves."""
    assert to_out().exit_code == 0
    path = out.with_name("out.csv.partial")
    path.write_bytes(b"".join(out.read_bytes().splitlines(keepends=True)[:3]))
    out.unlink()
    return path


# between the listing of the files and their reading


def vanish(path: Path) -> None:
    path.unlink()


def shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (vanish, "No such file"),
        (shrink, "truncated"),
        (empty, "empty file"),
        (become_a_folder, "a folder"),
        (become_a_link_to_itself, "symbolic links"),
    ],
)
def test_a_file_that_changes_after_the_listing_is_an_error_row(
    to_out: Classify,
    scans: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    reason: str,
) -> None:
    def listed(paths: tuple[str, ...]) -> list[str]:
        result = find_scans(paths)
        change(scans / "b.png")
        return result

    monkeypatch.setattr("edgect.batch.inputs.find_scans", listed)
    assert to_out().exit_code == 1
    assert [row["status"] for row in rows(out)] == ["ok", "error", "ok"]
    assert reason in rows(out)[1]["reason"]


def test_names_that_differ_in_normalisation_only_are_two_rows(classify: Classify, tmp_path: Path) -> None:
    for seed, name in enumerate(("e\u0301.png", "\u00e9.png")):
        write_scan(tmp_path / "in" / name, seed, 40, 48)
    if len(list((tmp_path / "in").iterdir())) == 1:
        pytest.skip("this file system makes one name of both")
    options = (*ORT, "--format", "csv", "-o", tmp_path / "out.csv")
    for resume in ((), ("--resume",)):
        classify(tmp_path / "in", *options, *resume)
        assert [Path(row["path"]).name for row in rows(tmp_path / "out.csv")] == ["e\u0301.png", "\u00e9.png"]


def test_the_longest_names_are_read(classify: Classify, tmp_path: Path) -> None:
    deep = tmp_path / "in"
    for _ in range(5):
        deep /= "d" * 250
    write_scan(deep / ("n" * 251 + ".png"))
    classify(tmp_path / "in", *ORT, "--format", "csv", "-o", tmp_path / "out.csv")
    assert [row["status"] for row in rows(tmp_path / "out.csv")] == ["ok"]


# the same and not the same


def test_the_same_image_under_two_names_and_a_path_given_twice_are_rows_of_their_own(
    classify: Classify, scan: Path, out: Path
) -> None:
    copy = scan.with_name("copy.png")
    copy.write_bytes(scan.read_bytes())
    line = (scan, copy, scan, *ORT, "--format", "csv", "-o", out)
    classify(*line)
    whole = rows(out)
    assert [row["path"] for row in whole] == [str(scan), str(copy), str(scan)]
    for lines in range(4):  # the header, and up to all rows but one
        kept = out.read_bytes().splitlines(keepends=True)[:lines]
        out.with_name("out.csv.partial").write_bytes(b"".join(kept))
        classify(*line, "--resume")
        assert [row["path"] for row in rows(out)] == [str(scan), str(copy), str(scan)]
        assert rows(out)[: max(lines - 1, 0)] == whole[: max(lines - 1, 0)]
        whole = rows(out)


def test_a_file_replaced_between_two_interruptions_has_its_new_answer_once(
    to_out: Classify, scans: Path, out: Path, partial: Path
) -> None:
    write_scan(scans / "a.png", 50)
    assert "1 of them from before" in to_out("--resume").stderr
    first = rows(out)
    out.rename(partial)  # as if it had been killed before the end
    assert "3 of them from before" in to_out("--resume").stderr
    assert rows(out) == first
    to_out()
    assert untimed(out) == [{**row, "milliseconds": ""} for row in first]


# what stood in the output


def test_resuming_says_what_is_kept_and_what_is_not(to_out: Classify, partial: Path) -> None:
    stderr_text = to_out("--resume", "--threshold", "0.123").stderr
    assert "0 rows are kept" in stderr_text
    assert "2 with another threshold, operating point" in stderr_text


def test_rows_of_another_version_are_set_aside_and_nothing_is_silent(
    to_out: Classify, out: Path, partial: Path
) -> None:
    older = partial.read_bytes().replace(b",sha256", b"", 1)
    partial.write_bytes(older)
    done = to_out("--resume")
    assert "columns" in done.stderr
    assert "out.csv.partial.1" in done.stderr
    assert partial.with_name("out.csv.partial.1").read_bytes() == older
    assert len(rows(out)) == 3
    assert tuple(rows(out)[0]) == COLUMNS


def test_forgetting_resume_does_not_lose_the_rows(to_out: Classify, out: Path, partial: Path) -> None:
    before = partial.read_bytes()
    assert "--resume would have" in to_out().stderr
    assert partial.with_name("out.csv.partial.1").read_bytes() == before
    assert len(rows(out)) == 3


@pytest.mark.parametrize("tail", [b'"/x/\xc3', b'"/x/a\nb.png","o', b"\xff\xfe", b"\0" * 5000])
def test_a_last_row_cut_within_a_character_or_a_quoted_line_end_is_answered_again(
    to_out: Classify, out: Path, partial: Path, tail: bytes
) -> None:
    before = rows(partial)
    partial.write_bytes(partial.read_bytes() + tail)
    assert "1 cut short or damaged" in to_out("--resume").stderr
    assert rows(out)[:2] == before
    assert len(rows(out)) == 3


# two at once


def test_a_second_run_to_the_same_file_is_refused_while_the_first_lives(
    to_out: Classify, out: Path, partial: Path
) -> None:
    before = partial.read_bytes()
    first = open_locked(partial)
    assert first is not None
    for option in ((), ("--resume",)):
        assert "another edgect is writing it" in one_line(to_out(*option), 2)
    assert partial.read_bytes() == before
    first.close()  # as the end of a process does, a kill included
    assert to_out("--resume").exit_code == 0
    assert len(rows(out)) == 3


# an output that stops taking rows


def limited(folder: Path, out: Path, most: int) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    line = ["-m", "edgect", "classify", str(folder), *map(str, ORT), "--format", "csv", "-o", str(out)]
    return subprocess.run(
        [sys.executable, *line, "--resume"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
        env={**os.environ, "EDGECT_CACHE_DIR": "", "PYTHONDONTWRITEBYTECODE": "1"},  # it would be cut, too
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
def test_an_output_that_is_full_half_way_says_what_stays_and_goes_on(
    to_out: Classify, scans: Path, out: Path, partial: Path
) -> None:
    size = partial.stat().st_size
    partial.unlink()
    done = limited(scans, out, size + 20)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "2 rows are kept in out.csv.partial" in done.stderr
    assert "--resume" in done.stderr
    assert not out.exists()
    kept = rows(partial)
    assert partial.stat().st_size <= size + 20
    assert partial.read_bytes().endswith(b"\n")  # no half row
    assert to_out("--resume").exit_code == 0
    assert rows(out)[:2] == kept
    assert len(rows(out)) == 3


def test_an_output_that_cannot_get_its_name_keeps_its_rows(
    to_out: Classify, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("edgect.batch.output.os.replace", refuse)
        done = to_out()
    assert done.exit_code == 2
    assert "3 rows are kept in out.csv.partial" in one_line(done, 2)
    assert "3 of them from before" in to_out("--resume").stderr


@pytest.mark.parametrize("option", ["--max-bytes", "--max-pixels", "--max-frames"])
def test_a_limit_names_the_option_that_raises_it(
    classify: Classify, scans: Path, option: str, tmp_path: Path
) -> None:
    from PIL import Image

    page = Image.new("L", (64, 64))
    page.save(tmp_path / "pages.tif", save_all=True, append_images=[page])
    done = classify(scans / "a.png", tmp_path / "pages.tif", *ORT, option, 1)
    assert done.exit_code == 1
    assert f"({option})" in done.stdout

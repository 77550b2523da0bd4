"""What verification finds, and what it cannot find."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.cli import main
from tests.edgect.audit.trails import check, contents, files, forge, write

Lines = list[bytes]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_shows(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        (file,) = files(write(Path(name), {}, {}, {}, step=timedelta(0)))
        content = bytearray(file.read_bytes())
        last = bytes(content).rindex(b"\n", 0, -1)
        place = data.draw(st.integers(0, last), label="place")
        content[place] ^= data.draw(st.integers(1, 255), label="change")
        file.write_bytes(content)
        assert not check(Path(name)).good


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_changed_byte_of_the_last_line_shows_with_the_head(data: st.DataObject) -> None:
    """Without it, it may be taken for a line that is not finished, which is said."""
    with tempfile.TemporaryDirectory() as name:
        (file,) = files(write(Path(name), {}, {}, step=timedelta(0)))
        head = contents(Path(name))[-1]["hash"]
        content = bytearray(file.read_bytes())
        place = data.draw(
            st.integers(bytes(content).rindex(b"\n", 0, -1) + 1, len(content) - 2), label="place"
        )
        content[place] ^= data.draw(st.integers(1, 255), label="change")
        file.write_bytes(content)
        found = check(Path(name))
        assert not found.good or found.unfinished
        assert not check(Path(name), head).good


def swap(lines: Lines) -> None:
    lines[1], lines[2] = lines[2], lines[1]


CHANGES: dict[str, tuple[Callable[[Lines], object], int]] = {
    "removed": (lambda lines: lines.pop(2), 3),
    "doubled": (lambda lines: lines.insert(2, lines[1]), 3),
    "swapped": (swap, 2),
    "added": (lambda lines: lines.insert(2, b'{"event":"answer"}\n'), 3),
    "no line": (lambda lines: lines.insert(2, b"a note\n"), 3),
}


@pytest.mark.parametrize("name", CHANGES)
def test_lines_removed_added_or_moved_show_where_they_were(tmp_path: Path, name: str) -> None:
    (file,) = files(write(tmp_path, *[{}] * 5, step=timedelta(0)))
    lines = file.read_bytes().splitlines(keepends=True)
    change, row = CHANGES[name]
    change(lines)
    file.write_bytes(b"".join(lines))
    found = check(tmp_path)
    assert not found.good
    assert (found.faults[0].file, found.faults[0].row) == (file, row)


def test_a_removed_day_shows_but_at_either_end(tmp_path: Path) -> None:
    days = files(write(tmp_path, *[{}] * 10))
    assert len(days) == 3
    head = contents(tmp_path)[-1]["hash"]
    kept = days[1].read_bytes()
    days[1].unlink()
    assert not check(tmp_path).good
    days[1].write_bytes(kept)
    days[0].unlink()  # as old days are
    found = check(tmp_path, head)
    assert found.good
    assert found.first is not None
    assert found.first.link.number == 4
    days[2].unlink()
    assert check(tmp_path).good
    assert not check(tmp_path, head).good


def test_a_chain_made_anew_shows_with_a_head_that_was_kept(tmp_path: Path) -> None:
    write(tmp_path, *[{}] * 10)
    head = contents(tmp_path)[6]["hash"]
    assert check(tmp_path, head).head_line == 7
    forge(tmp_path, 5, label="not COVID-19")
    assert check(tmp_path).good
    assert not check(tmp_path, head).good


def verify(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["audit", "verify", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.output


def test_the_command_names_the_line_and_ends_with_1(tmp_path: Path) -> None:
    first, second, _ = files(write(tmp_path, *[{}] * 10))
    code, text = verify(tmp_path)
    assert (code, "10 lines in 3 files" in text) == (0, True)
    head = contents(tmp_path)[-1]["hash"]
    assert f"line 10, hash {head}" in text
    assert verify(tmp_path, "--head", head)[0] == 0
    assert verify(second)[0] == 0
    first.write_bytes(first.read_bytes().replace(b'"number":2,', b'"number":9,'))
    code, text = verify(tmp_path)
    assert (code, f"FAULT {first}, line 2: it is not as it was written" in text) == (1, True)


@pytest.mark.parametrize("case", ["empty", "other", "head", "missing"])
def test_what_is_no_trail_is_not_called_good(tmp_path: Path, case: str) -> None:
    (tmp_path / "rows.csv").write_text("path,label\n")
    (tmp_path / "empty").mkdir()
    arguments = {
        "empty": [tmp_path / "empty"],
        "other": [tmp_path / "rows.csv"],
        "head": [write(tmp_path / "trail", {}), "--head", "f00"],
        "missing": [tmp_path / "nowhere"],
    }
    assert verify(*arguments[case])[0] == (1 if case == "other" else 2)

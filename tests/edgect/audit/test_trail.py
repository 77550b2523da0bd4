"""What is written to a trail, whatever ends the writer."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgect.audit.trail import AuditError, Trail
from edgect.errors import UsageError
from tests.edgect.audit.trails import DAY, check, clock, contents, files, write
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import CANARY, ct
from tests.edgect.scans.dicom_files import write as dicom
from tests.volume_inputs import hounsfield

posix = pytest.mark.skipif(os.name == "nt", reason="permissions as POSIX has them")


def test_lines_are_numbered_and_chained_through_days_and_restarts(tmp_path: Path) -> None:
    write(tmp_path, *[{}] * 5)
    with Trail(tmp_path, "serve", now=clock(DAY + timedelta(days=3))) as trail:
        trail.append({"event": "answer"}, {"event": "answer"})
        head = trail.head
    lines = contents(tmp_path)
    assert [line["number"] for line in lines] == list(range(1, 8))
    assert [line["previous"] for line in lines] == ["0" * 64, *(line["hash"] for line in lines[:-1])]
    assert head == (7, lines[-1]["hash"])
    days = [file.stem for file in files(tmp_path)]
    assert days == ["2026-01-31", "2026-02-01", "2026-02-03"]
    assert [line["time"][:10] for line in lines] == [days[0]] * 3 + [days[1]] * 2 + [days[2]] * 2
    assert check(tmp_path).good


def test_a_clock_that_is_set_back_opens_no_earlier_file(tmp_path: Path) -> None:
    write(tmp_path, *[{}] * 5)
    with Trail(tmp_path, "serve", now=clock(DAY - timedelta(days=3))) as trail:
        trail.append({"event": "answer"})
    found = check(tmp_path)
    assert (found.good, found.files, found.lines, found.clock_set_back) == (True, 2, 6, 1)


@posix
def test_the_user_alone_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "trail", {})
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "trail", *files(tmp_path / "trail"))]
    assert modes == [0o700, 0o600]


def test_one_process_at_a_time_has_it(tmp_path: Path) -> None:
    with Trail(tmp_path, "serve"), pytest.raises(UsageError, match="another edgect appends to it"):
        Trail(tmp_path, "listen")
    Trail(tmp_path, "listen").close()


@posix
def test_the_salt_is_kept_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGECT_SALT")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write(tmp_path / "trail", {})
    (salt,) = (tmp_path / "state").glob("edgect/salt")
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    assert salt.read_bytes() not in b"".join(file.read_bytes() for file in files(tmp_path / "trail"))


@posix
def test_without_a_salt_that_lasts_there_is_no_trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGECT_SALT")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="set EDGECT_SALT"):
        Trail(tmp_path / "trail", "serve")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_a_crash_cut_short_stays_and_is_accounted_for(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), {}, {}, step=timedelta(0))
        (file,) = files(folder)
        for _ in range(
            data.draw(st.integers(1, 3), label="crashes, one of them while accounting for another")
        ):
            content = file.read_bytes()
            last = content[:-1].rfind(b"\n") + 1
            cut = data.draw(st.integers(last + 1, len(content) - 2), label="cut")
            file.write_bytes(content[:cut])
            Trail(folder, "classify", now=clock()).close()
        torn = file.read_bytes()
        write(folder, {})
        assert file.read_bytes().startswith(torn)
        found = check(folder)
        assert (found.good, found.unfinished) == (True, 0)
        assert found.torn == 1
        assert found.last is not None
        assert found.last.link.number == found.lines


def test_a_line_without_its_line_break_is_whole(tmp_path: Path) -> None:
    (file,) = files(write(tmp_path, {}, {}))
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert check(tmp_path).good
    write(tmp_path, {})
    assert file.read_bytes().startswith(content)
    found = check(tmp_path)
    assert (found.good, found.torn, found.lines) == (True, 0, 3)


def test_a_killed_process_loses_no_line_that_was_appended(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from edgect.audit.trail import Trail\n"
        "trail = Trail(Path(sys.argv[1]), 'serve')\n"
        "while True:\n"
        "    trail.append({'event': 'answer'}, durable=False); print(trail.head.number, flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(200)]
    process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    appended = int(b"".join([*printed, process.stdout.read()]).rpartition(b"\n")[0].split()[-1])
    process.wait()
    with Trail(tmp_path, "serve") as trail:
        trail.append({"event": "answer"})
    found = check(tmp_path)
    assert found.good
    assert found.lines > appended


def test_a_full_disk_is_an_error_and_then_the_trail_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, content: memoryview) -> int:
        real(handle, content[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    real = os.write
    with Trail(tmp_path, "serve", now=clock()) as trail:
        trail.append({"event": "answer"})
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(AuditError, match="without its line no answer is given"):
                trail.append({"event": "answer"})
        trail.append({"event": "answer"})
    found = check(tmp_path)
    assert (found.good, found.lines, found.torn) == (True, 3, 1)


def test_a_trail_whose_last_line_was_altered_does_not_go_on(tmp_path: Path) -> None:
    (file,) = files(write(tmp_path, {}, {}, step=timedelta(0)))
    file.write_bytes(file.read_bytes().replace(b"0.75", b"0.25"))
    with pytest.raises(UsageError, match="edgect audit verify"):
        Trail(tmp_path, "serve")


def test_no_identifier_gets_into_it(classify: Classify, tmp_path: Path) -> None:
    scans = tmp_path / "Doe^Jane"
    scans.mkdir()
    dataset = ct(hounsfield(1), StudyInstanceUID="1.2.826.77", PatientName=CANARY)
    (scans / "IM1").write_bytes(dicom(dataset))
    done = classify(
        scans,
        "--include-identifiers",
        "--format",
        "jsonl",
        "--backend",
        "onnxruntime",
        "--audit",
        tmp_path / "a",
    )
    row = json.loads(done.stdout)
    assert row["study"] == "1.2.826.77"
    (line,) = contents(tmp_path / "a")
    text = json.dumps(line)
    for secret in (CANARY, "Doe", "1.2.826.77", row["series"], row["instance"], row["sha256"]):
        assert secret not in text
    hashed = json.loads(classify(scans, "--format", "jsonl", "--backend", "onnxruntime").stdout)
    for name in ("study", "series", "instance", "names", "label", "status", "threshold", "edgect"):
        assert line[name] == hashed[name]
    assert line["probability"] == round(hashed["probability"], 8)


def test_classify_writes_a_line_before_its_row_and_says_which_rows_were_kept(
    classify: Classify, scans: Path, tmp_path: Path
) -> None:
    run = ("--backend", "onnxruntime", "--format", "csv", "-o", tmp_path / "rows.csv", "--audit", scans / "a")
    assert classify(scans, *run).exit_code == 0
    assert classify(scans, *run, "--resume").exit_code == 0  # the trail among the scans is none of them
    assert [line["outcome"] for line in contents(scans / "a")] == ["new"] * 3 + ["kept"] * 3
    assert [line["destination"] for line in contents(scans / "a")] == ["rows"] * 6

from __future__ import annotations

import os
import re
import subprocess
import sys
from threading import Event, Thread, Timer

import pytest

from edgect.scans.native_stderr import captured_stderr

KNOWN = re.compile("Corrupt ")


def test_known_words_are_kept_and_others_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_stderr(KNOWN) as words:
        os.write(2, b"Corrupt data: 2 bytes\nof another thread\n")
    os.write(2, b"after\n")
    assert words == ["Corrupt data: 2 bytes"]
    assert capfd.readouterr().err == "of another thread\nafter\n"


def test_it_ends_with_an_error_too(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with captured_stderr(KNOWN):
            os.write(2, b"Corrupt data\n")
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_one_thread_at_a_time_hears_its_own() -> None:
    inside, messages = Event(), list[str]()

    def other() -> None:
        inside.set()
        with captured_stderr(KNOWN) as words:
            os.write(2, b"Corrupt second\n")
        messages.extend(words)

    thread = Thread(target=other)
    with captured_stderr(KNOWN) as words:
        thread.start()
        assert inside.wait(10)
        os.write(2, b"Corrupt first\n")
    thread.join(10)
    assert (words, messages) == (["Corrupt first"], ["Corrupt second"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
def test_a_fork_waits_and_the_child_can_hear(capfd: pytest.CaptureFixture[str]) -> None:
    inside, leave = Event(), Event()

    def hold() -> None:
        with captured_stderr(KNOWN):
            inside.set()
            leave.wait(10)

    thread = Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    Timer(0.2, leave.set).start()
    child = os.fork()
    if not child:
        with captured_stderr(KNOWN) as words:
            os.write(2, b"Corrupt data\nof the child\n")
        os._exit(len(words))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    thread.join(10)
    assert capfd.readouterr().err == "of the child\n"


def test_no_open_files_are_left() -> None:
    before = os.listdir("/proc/self/fd") if sys.platform == "linux" else []
    for _ in range(20):
        with captured_stderr(KNOWN):
            pass
    assert len(before) == (len(os.listdir("/proc/self/fd")) if before else 0)


def test_a_process_without_stderr_writes_into_no_file(tmp_path: os.PathLike[str]) -> None:
    """Else the next file that is opened would be number 2, and get what libraries write."""
    script = f"""
import os, re
from edgect.scans.native_stderr import captured_stderr
with captured_stderr(re.compile("Corrupt ")) as words:
    os.write(2, b"Corrupt data\\n")
file = open({os.path.join(tmp_path, "rows")!r}, "w")
os.write(2, b"of a library")
print(words, file.fileno() != 2)
"""
    command = ["/bin/sh", "-c", '"$0" -c "$1" 2>&-', sys.executable, script]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout == "['Corrupt data'] True\n"
    assert not os.path.getsize(os.path.join(tmp_path, "rows"))

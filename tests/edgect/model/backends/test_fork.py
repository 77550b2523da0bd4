"""A process that is forked after it classified, as multiprocessing and gunicorn do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgect.model.backends import BACKENDS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
SCANS = Path(__file__).parents[4] / "examples" / "scans"
SECONDS = 240  # a safety net: what hangs has to end; nothing here takes as many

FORK = """
import os, sys
from pathlib import Path
from threading import Event, Thread, Timer
from edgect import Classifier
from edgect.pipeline import Pipeline
from edgect.model import backends
from edgect.errors import EngineError

folder, backend, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = sorted(map(str, Path(folder).iterdir()))
classifier = Classifier(backend=backend, threads=threads)
pipeline = Pipeline(backend=backend, threads=threads)

def probabilities_of(classifier):
    probabilities = [row.probability for row in classifier.classify([folder])]
    probabilities += [classifier.predict(file).probability for file in files]
    for file in files:
        content = Path(file).read_bytes()
        probabilities.append(next(classifier.classify_content(content, file)).probability)
    return probabilities + pipeline.self_test()["log_odds"]

def in_child(work):  # its exit code, by the way that runs all destructors
    child = os.fork()
    if not child:
        work()
        sys.exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def run(program: str, *arguments: object) -> str:
    """What a program says, that must come to a good end."""
    # from 3.12 on, Python warns of what is tried here on purpose
    quiet = ["-W", "ignore:This process:DeprecationWarning"]
    line = [sys.executable, *quiet, "-c", FORK + program, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for name in ("covid-saopaulo-0001.webp", "not-covid-saopaulo-0039.webp"):
        shutil.copy(SCANS / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forked_process_gives_the_same_answers(two: Path, backend: str, threads: int) -> None:
    program = """
expected = probabilities_of(classifier)
def same():
    assert probabilities_of(classifier) == expected
    assert in_child(lambda: None) == 0  # a fork of the fork
    assert probabilities_of(Classifier(backend=backend, threads=threads)) == expected
assert [in_child(same), in_child(lambda: None)] == [0, 0]
assert probabilities_of(classifier) == expected
print("done")
"""
    assert run(program, two, backend, threads) == "done\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fork_while_other_threads_infer(two: Path, backend: str) -> None:
    program = """
expected, stop = probabilities_of(classifier), Event()
def on():
    while not stop.is_set():
        probabilities_of(classifier)
thread = Thread(target=on)
thread.start()
def same():
    assert probabilities_of(classifier) == expected
codes = [in_child(same) for _ in range(3)]
stop.set()
thread.join()
assert codes == [0, 0, 0], codes
print("done")
"""
    assert run(program, two, backend, 2) == "done\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loaded_model_refuses_in_another_process(two: Path, backend: str) -> None:
    program = """
import numpy as np
session = backends.load(backend, classifier.bundle)
image = np.zeros([1, *classifier.bundle.manifest.input.shape], np.uint8)
session.infer(image)
def refused():
    try:
        session.infer(image)
    except EngineError as error:
        os.write(1, str(error).encode())
assert in_child(refused) == 0
"""
    assert "load it anew" in run(program, two, backend, 2)


def test_results_that_are_under_way_are_not_waited_for_in_another_process(two: Path) -> None:
    program = """
under_way = classifier.classify(files)
next(under_way)
def on():
    try:
        list(under_way)
    except RuntimeError as error:
        os.write(1, str(error).encode())
assert in_child(on) == 0
assert len(list(under_way)) == 1
"""
    assert "begin it again" in run(program, two, "onnxruntime", 2)


def test_archives_are_read_by_each_process_for_itself(two: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "scans"), "zip", two)
    for left in two.glob("*.webp"):
        left.unlink()
    program = """
from edgect.scans.files import archive
archive.list_members(files[0])
def own():
    opened = archive._open_path(files[0])
    os.write(1, str(os.fstat(opened.fp.fileno()).st_ino).encode())
    opened.fp.seek(7)
position = archive._open_path(files[0]).fp.tell()
assert in_child(own) == 0
assert archive._open_path(files[0]).fp.tell() == position
"""
    assert run(program, two, "onnxruntime", 1)


def test_a_fork_waits_while_another_thread_reads_a_scan(two: Path) -> None:
    """OpenCV and Pillow have locks too, which the new process would wait for."""
    program = """
import edgect.pipeline
classifier.predict(files[0])
entered, go, read_frames = Event(), Event(), edgect.pipeline.read_frames
def slowly(*arguments):
    entered.set()
    go.wait()
    yield from read_frames(*arguments)
edgect.pipeline.read_frames = slowly
thread = Thread(target=classifier.predict, args=files[:1])
thread.start()
entered.wait()
Timer(0.3, go.set).start()
waited = in_child(lambda: None) == 0 and go.is_set()
thread.join()
edgect.pipeline.read_frames = read_frames
assert waited
assert in_child(lambda: classifier.predict(files[0])) == 0
"""
    run(program, two, "onnxruntime", 1)


def test_a_fork_gets_its_turn_while_threads_are_always_at_work(two: Path) -> None:
    """A fork that had to find all of them idle by chance would wait for ever."""
    program = """
from time import sleep
from edgect.model.backends import forked
forked.FORK_TIMEOUT = 10_000
stop = Event()
def on():
    while not stop.is_set():
        with forked.at_work(), forked.at_work():
            sleep(0.01)
threads = [Thread(target=on) for _ in range(8)]
for thread in threads:
    thread.start()
codes = [in_child(lambda: None) for _ in range(5)]
with forked.at_work():  # a fork within work waits for that of others alone
    codes += [in_child(lambda: None), in_child(lambda: probabilities_of(classifier))]
stop.set()
for thread in threads:
    thread.join()
assert codes == [0] * 7, codes
"""
    run(program, two, "onnxruntime", 1)

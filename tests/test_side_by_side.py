"""Tests that are run side by side: what shares fixtures stays together, and in order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest


def test_one_process_has_all_tests_of_a_file_and_of_a_costly_folder(tmp_path: Path) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    files = (
        "edgect/test_a.py",
        "edgect/test_b.py",
        "edgect/test_c.py",
        "train/test_d.py",
        "train/far/test_e.py",
    )
    for file in files:
        (tmp_path / "tests" / file).parent.mkdir(parents=True, exist_ok=True)
        numbers = "import pytest\n@pytest.mark.parametrize('number', range(9))\n"
        (tmp_path / "tests" / file).write_text(f"{numbers}def test_it(number): pass\n")
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    line = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup", "--import-mode=importlib"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    workers, order = defaultdict(set), []
    for worker, file in re.findall(r"\[(gw\d)\].* PASSED tests/(\S+)::", done.stdout):
        workers[file].add(worker)
        order.append(file)
    assert {len(processes) for processes in workers.values()} == {1}
    assert sorted(order) == sorted(9 * files)
    assert workers["train/test_d.py"] == workers["train/far/test_e.py"]
    assert len(set.union(*workers.values())) == 2

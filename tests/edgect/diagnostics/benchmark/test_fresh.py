from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgect.diagnostics.benchmark import fresh
from edgect.errors import EngineError

ORT = ("--backend", "onnxruntime", "--threads", "1")


def test_the_memory_of_who_asks_is_not_counted(scan: Path, tmp_path: Path) -> None:
    held = np.ones(600 * 10**6, np.uint8)
    peak = fresh.classify([*ORT, str(scan)], tmp_path).peak_mb
    assert peak is not None
    assert 30 < peak < held.nbytes / 1e6  # numpy and an engine take more than 30


def test_a_run_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no such file.*gone\.png"):
        fresh.classify([*ORT, str(tmp_path / "gone.png")], tmp_path)


def test_rows_that_are_errors_can_be_allowed(scan: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"")
    arguments = [*ORT, str(scan), str(tmp_path / "bad.png")]
    with pytest.raises(EngineError):
        fresh.classify(arguments, tmp_path)
    assert fresh.classify(arguments, tmp_path, exit_codes=(0, 1)).seconds > 0


def test_compiled_models_are_kept_where_told(scan: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fresh.classify(["--backend", "openvino", "--threads", "1", str(scan)], cache)
    assert list(cache.iterdir())

"""A function of this package in a fresh process: on a capped instruction set, or on an emulated CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.verification.processors import CAP

ROOT = Path(__file__).parents[2]
NATIVE = "native"
WITH_VNNI = (NATIVE, "AVX512_CORE_VNNI")  # those of them that the targets for speed are for


def call(
    function: Callable[..., Any], *arguments: Any, cap: str = NATIVE, checkout: str | None = None
) -> Any:
    """function(*arguments), both ready for JSON. cap: one of CAPS. Raises RuntimeError where it fails.

    checkout: a folder with another version of edgect, to be measured in place of this one.
    """
    env = {name: value for name, value in os.environ.items() if name != CAP}
    env["EDGECT_CACHE_DIR"] = ""  # compile what is measured, and leave the user's cache alone
    if cap != NATIVE:
        env[CAP] = cap
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        order = json.dumps([function.__module__, function.__name__, arguments, str(answer)])
        command = [sys.executable, "-m", "benchmarks.harness.fresh", order]
        place = ROOT
        if checkout is not None:  # where `-m` finds its edgect first, and then these benchmarks
            place = Path(folder)
            (place / "edgect").symlink_to(Path(checkout, "edgect").resolve())
            env["PYTHONPATH"] = str(ROOT)
        done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{function.__name__}{arguments} failed: {done.stderr[-2000:]}")
        return json.loads(answer.read_text())


if __name__ == "__main__":
    module, name, call_arguments, answer_file = json.loads(sys.argv[1])
    Path(answer_file).write_text(json.dumps(getattr(import_module(module), name)(*call_arguments)))

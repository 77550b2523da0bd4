"""An engine that does not come back. STUCK: where, `load` or `infer`, and `locked` to keep Python's lock.

STUCK_COMMAND: the only command that gets stuck. STUCK_FILE: is written to once it is. STUCK_PATIENCE: seconds
that the program is given to end, in place of those of edgect.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "edgect.model.backends.onnxruntime"
WHERE, _, LOCKED = os.environ.get("STUCK", "").partition(" ")
GOOD = 2  # answers that come before


def stuck(*_: object) -> None:
    """Wait for a lock that this thread has itself: no signal interrupts that."""
    library = (ctypes.PyDLL if LOCKED else ctypes.CDLL)(None)
    mutex = ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(mutex)
    os.write(2, b"stuck\n")
    if name := os.environ.get("STUCK_FILE"):
        Path(name).write_text(str(os.getpid()))
    library.pthread_mutex_lock(mutex)


class _Stub(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != NAME:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        execute = spec.loader.exec_module

        def change(module: ModuleType) -> None:
            execute(module)
            (_stick_at_load if WHERE == "load" else _stick_at_infer)(module)

        spec.loader.exec_module = change  # type: ignore[method-assign]
        return spec


def _stick_at_load(module: ModuleType) -> None:
    module.load = stuck  # type: ignore[attr-defined]


def _stick_at_infer(module: ModuleType) -> None:
    infer, answers = module.OnnxRuntimeSession.infer, []

    def some(*arguments: Any) -> Any:
        answers.append(None)
        if len(answers) > GOOD:
            stuck()
        return infer(*arguments)

    module.OnnxRuntimeSession.infer = some


if WHERE and os.environ.get("STUCK_COMMAND", "edgect") in sys.orig_argv:
    sys.meta_path.insert(0, _Stub())
if seconds := os.environ.get("STUCK_PATIENCE"):
    from edgect.cli import ending

    ending.PATIENCE = float(seconds)

"""Many inputs to rows: in order, resumable, by threads or by the workers of a Dask scheduler."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgect.batch.classify_files import Summary as Summary
    from edgect.batch.runner import run as run

__all__ = ["Summary", "run"]

_HOMES = {"Summary": "edgect.batch.classify_files", "run": "edgect.batch.runner"}


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: a worker of a cluster needs only some of this room."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'edgect.batch' has no attribute {name!r}")

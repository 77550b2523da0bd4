"""Many inputs to rows: in order, resumable, by threads or by the workers of a Dask scheduler."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgect.batch.runner import Summary as Summary
    from edgect.batch.runner import run as run

__all__ = ["Summary", "run"]


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: a worker of a cluster needs only some of this room."""
    if name in __all__:
        return getattr(import_module("edgect.batch.runner"), name)
    raise AttributeError(f"module 'edgect.batch' has no attribute {name!r}")

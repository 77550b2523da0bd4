"""A worker that takes its time over every file, so that tests can end it before it is done."""

from __future__ import annotations

import time
from typing import Any

import edgect.scans as scans

_read = scans.read_frames


def _slowly(*arguments: Any) -> Any:
    time.sleep(0.02)
    return _read(*arguments)


scans.read_frames = _slowly

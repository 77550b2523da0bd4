"""What is being measured, said on stderr while one waits."""

from __future__ import annotations

import sys
from time import perf_counter

_START = perf_counter()


def step(text: str) -> None:
    print(f"[{perf_counter() - _START:5.0f} s] {text}", file=sys.stderr, flush=True)

"""CPU time of what a process does, which a busy machine lengthens less than it does the wall's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray


class CpuClock:
    """CPU seconds of the process by name. last: those of what was timed last."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = 0.0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = process_time()
        yield
        self.last = process_time() - start
        self.seconds[name] = self.seconds.get(name, 0.0) + self.last

    def count(self, owner: type, method: str, name: str) -> None:
        """Time all calls of a method."""
        called = getattr(owner, method)

        def timed(instance: Any, images: NDArray[np.uint8]) -> Any:
            with self(name):
                return called(instance, images)

        setattr(owner, method, timed)

"""Memory that was freed is there for the next picture."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# page faults of allocating and freeing the same memory, before and after; in a process of its own
FAULTS = """
import resource, sys
from edgect.machine.allocator import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        blocks = [bytearray(2**20) for _ in range(3)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
before = faults()
print(int(keep_freed_memory()), before, faults())
"""


def run(**env: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=os.environ | env, capture_output=True, text=True, check=True
    )
    return [int(number) for number in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_memory_is_kept() -> None:
    kept, before, after = run()
    if not kept:
        pytest.skip("another C library, or the environment chooses")
    assert after < before / 4


def test_what_the_environment_chooses_is_left_alone() -> None:
    if sys.platform == "linux":
        assert run(MALLOC_ARENA_MAX="4")[0] == 0

"""Memory for picture after picture, without a system call and a page fault for each."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
KEPT = 32 * 2**20  # bytes at the end of a heap that stay with it
LARGE = 16 * 2**20  # bytes from which a block is mapped by itself, and so given back when it is freed


def keep_freed_memory() -> bool:
    """Have glibc keep what is freed for the next picture. Whether it does.

    By default it maps blocks over 128 kB anew each time and gives the ends of its heaps back: of a picture
    that takes milliseconds, page faults then take a good part, and threads wait for one another in the
    kernel. Settings in the environment (`MALLOC_...`, `GLIBC_TUNABLES`) are left alone, and so are other
    systems and C libraries.
    """
    chosen = any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)
    if sys.platform != "linux" or chosen:
        return False
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(_MMAP_THRESHOLD, LARGE) and mallopt(_TRIM_THRESHOLD, KEPT))
    return False

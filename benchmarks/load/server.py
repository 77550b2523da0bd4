"""A server on loopback, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from time import sleep
from typing import IO

ROOT = Path(__file__).parents[2]


@contextmanager
def server(*arguments: str, **env: str) -> Iterator[tuple[int, int]]:
    """Port and process of `edgect serve`. Its log goes to a file: a pipe that is full would stop it."""
    line = [sys.executable, "-m", "edgect", "serve", "--port", "0", *arguments]
    env = {**os.environ, **env}
    with TemporaryFile("w+") as log, subprocess.Popen(line, stderr=log, cwd=ROOT, env=env) as process:
        try:
            while not (address := re.search(r"http://\S+:(\d+)/", _all(log))):
                if process.poll() is not None:
                    raise RuntimeError(f"the server did not start: {_all(log)}")
                sleep(0.01)
            yield int(address[1]), process.pid
        finally:
            process.terminate()


def _all(file: IO[str]) -> str:
    file.seek(0)
    return file.read()

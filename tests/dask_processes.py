"""A Dask scheduler and workers as processes, each worker in a network of its own where that is allowed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

BRIDGE, NETWORK = "edgect-br", "10.213.77"
STARTED = 240  # seconds


class Processes:
    """folder: for addresses and what the processes say. namespaces: in which workers are started, in turn."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", namespaces: Sequence[str] = ()) -> None:
        self._folder, self._host, self._namespaces = folder, host, namespaces
        self.workers: list[subprocess.Popen[bytes]] = []
        self._opened = ExitStack()
        self.scheduler = self._start("scheduler", "--host", host, "--port", "0", "--no-dashboard")
        self.address = self._address()

    def worker(
        self, threads: int = 1, variables: Mapping[str, str] | None = None, nanny: bool = False
    ) -> None:
        number = len(self.workers)
        inside: list[str] = []
        if self._namespaces:
            inside = ["ip", "netns", "exec", self._namespaces[number % len(self._namespaces)]]
        options = ["--nthreads", str(threads), "--no-dashboard", "--memory-limit", "0"]
        options += ["--nanny" if nanny else "--no-nanny", "--local-directory", str(self._folder)]
        self.workers.append(
            self._start("worker", self.address, *options, inside=inside, variables=variables or {})
        )

    def wait(self, workers: int) -> None:
        """Until so many workers are there."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, STARTED)

    def kill(self, number: int) -> None:
        self.workers[number].kill()

    @contextmanager
    def stopped(self, number: int) -> Iterator[None]:
        self.workers[number].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.workers[number].send_signal(signal.SIGCONT)

    def close(self) -> None:
        everyone = [*self.workers, self.scheduler]
        for process in everyone:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in everyone:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._opened.close()

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))

    def _start(
        self, role: str, *arguments: str, inside: Sequence[str] = (), variables: Mapping[str, str] = {}
    ) -> subprocess.Popen[bytes]:
        number = len(self.workers)
        log = self._opened.enter_context((self._folder / f"{role}-{number}.log").open("wb"))
        line = [*inside, sys.executable, "-m", f"distributed.cli.dask_{role}", *arguments]
        if role == "scheduler":
            line += ["--scheduler-file", str(self._folder / "scheduler.json")]
        quiet = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
        return subprocess.Popen(line, stdout=log, stderr=log, env={**os.environ, **quiet, **variables})

    def _address(self) -> str:
        import json

        file, end = self._folder / "scheduler.json", time.monotonic() + STARTED
        while time.monotonic() < end:
            with suppress(OSError, ValueError):
                return str(json.loads(file.read_text())["address"])
            time.sleep(0.05)
        raise RuntimeError(f"no scheduler after {STARTED} seconds:\n{self.said()}")


@contextmanager
def processes(folder: Path, host: str = "127.0.0.1", namespaces: Sequence[str] = ()) -> Iterator[Processes]:
    folder.mkdir(parents=True, exist_ok=True)
    started = Processes(folder, host, namespaces)
    try:
        yield started
    finally:
        started.close()


@contextmanager
def networks(count: int) -> Iterator[tuple[str, list[str]]]:
    """The host's address on a bridge, and namespaces behind it; loopback and none where root is needed."""
    names = [f"edgect-{number}" for number in range(count)]
    if not names:
        yield "127.0.0.1", []
        return
    try:
        _make(names)
    except (OSError, subprocess.CalledProcessError):
        _remove(names)
        yield "127.0.0.1", []
        return
    try:
        yield f"{NETWORK}.1", names
    finally:
        _remove(names)


def _make(names: Sequence[str]) -> None:
    if os.geteuid() or not shutil.which("ip"):
        raise OSError("only root may")
    _ip(f"link add {BRIDGE} type bridge")
    _ip(f"addr add {NETWORK}.1/24 dev {BRIDGE}")
    _ip(f"link set {BRIDGE} up")
    for number, name in enumerate(names):
        _ip(f"netns add {name}")
        _ip(f"link add {name}-o type veth peer name {name}-i netns {name}")
        _ip(f"link set {name}-o master {BRIDGE} up")
        for line in (
            f"addr add {NETWORK}.{number + 2}/24 dev {name}-i",
            f"link set {name}-i up",
            "link set lo up",
        ):
            _ip(f"-n {name} {line}")


def _remove(names: Sequence[str]) -> None:
    with suppress(OSError):
        for line in (*(f"netns del {name}" for name in names), f"link del {BRIDGE}"):
            subprocess.run(["ip", *line.split()], capture_output=True)


def _ip(line: str) -> None:
    subprocess.run(["ip", *line.split()], check=True, capture_output=True)

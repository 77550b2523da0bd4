"""A server process, and what is needed to talk to it as a program does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

BOUNDARY = "a-boundary-of-the-tests"
File = tuple[str, bytes]
Row = dict[str, Any]


class Server:
    """`edgect serve` on a free port of loopback. log_text: its stderr so far."""

    def __init__(self, *arguments: object, host: str = "127.0.0.1", **variables: str) -> None:
        line = [sys.executable, "-m", "edgect", "serve", "--host", host, "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(
            line, stderr=subprocess.PIPE, text=True, env={**os.environ, **variables}, errors="replace"
        )
        self._lines: list[str] = []
        self._started = threading.Event()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        assert self._started.wait(240), "the server did not start in time"
        match = re.search(r"at http://\S+:(\d+)/", self.log_text)
        assert match, self.log_text
        self.host, self.port = host, int(match[1])

    @property
    def log_text(self) -> str:
        return "".join(self._lines)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def connection(self, timeout: float = 240) -> HTTPConnection:
        return HTTPConnection(self.host, self.port, timeout=timeout)

    def request(
        self, path: str, body: bytes | None = None, method: str | None = None, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """headers: by names with `_` for `-`."""
        connection = self.connection()
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, body, named)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def post(self, path: str, files: Iterable[File], **headers: str) -> tuple[HTTPResponse, bytes]:
        return self.request(path, multipart(files), Content_Type=FORM, **headers)

    def classify(self, files: Iterable[File], query: str = "", **headers: str) -> list[Row]:
        response, content = self.post(f"/v1/classify{query}", files, **headers)
        assert response.status == 200, content
        return [json.loads(line) for line in content.splitlines()]

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        code = self.process.wait(240)
        self._reader.join(240)  # or the end of the log may be missing
        return code

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)
            if "serving " in line:
                self._started.set()
        self._started.set()


FORM = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(files: Iterable[File], field: str = "files") -> bytes:
    """The body of a request as browsers write it."""
    parts = []
    for name, content in files:
        headers = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
        parts.append(f"--{BOUNDARY}\r\n{headers}\r\nContent-Type: application/octet-stream\r\n\r\n".encode())
        parts += [content, b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


@contextmanager
def serving(*arguments: object, **variables: str) -> Iterator[Server]:
    server = Server(*arguments, **variables)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def scans(count: int | None = None) -> list[File]:
    folder = Path(__file__).parents[1] / "examples" / "scans"
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())[:count]]

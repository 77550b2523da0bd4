"""A server that is asked as a client would."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.serving import FORM, multipart

STARTED = 240  # seconds


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def classified(port: int, scan: Path, token: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The row about one scan, from a server that may be starting still."""
    _wait(port, process)
    body = multipart([(scan.name, scan.read_bytes())])
    headers = {"Content-Type": FORM, "Authorization": f"Bearer {token}"}
    connection = HTTPConnection("127.0.0.1", port, timeout=STARTED)
    connection.request("POST", "/v1/classify", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    row: dict[str, Any] = json.loads(content)
    return row


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTED
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"no server after {STARTED} seconds")

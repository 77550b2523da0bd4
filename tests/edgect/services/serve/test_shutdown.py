"""What becomes of requests when the server is told to stop."""

from __future__ import annotations

import json
import signal
import time
from http.client import IncompleteRead

import pytest
from PIL import Image

from tests.edgect.synthetic import body, encode
from tests.serving import FORM, Server, multipart, serving

pytest.importorskip("starlette", reason="needs edgect[serve]")


def test_sigterm_finishes_what_is_in_hand() -> None:
    pages = [Image.fromarray(body(seed)) for seed in range(40)]
    tiff = encode(body(), "TIFF", save_all=True, append_images=pages)
    with serving("--threads", 1) as server:
        connection = server.connection()
        connection.request("POST", "/v1/classify", multipart([("pages.tif", tiff)]), {"Content-Type": FORM})
        response = connection.getresponse()
        first = response.readline()
        server.process.send_signal(signal.SIGTERM)
        rows = [json.loads(line) for line in [first, *response.read().splitlines()]]
        assert [row["frame"] for row in rows] == list(range(41))
        assert server.process.wait(240) == 0
        with pytest.raises(OSError, match="refused"):
            server.request("/healthz")


def test_a_second_signal_does_not_wait_and_leaves_no_traceback() -> None:
    pages = [Image.fromarray(body(seed)) for seed in range(8)]
    much = [("pages.tif", encode(body(), "TIFF", save_all=True, append_images=pages))] * 60
    with serving("--threads", 1) as server:
        connection = server.connection()
        # pictures fill what the system keeps of an answer that is not read: the server cannot be done
        connection.request("POST", "/v1/classify?pictures=true", multipart(much), {"Content-Type": FORM})
        response = connection.getresponse()
        response.readline()
        server.process.send_signal(signal.SIGTERM)
        while "refused" not in _refused(server):
            time.sleep(0.01)
        # 0, or where a busy machine takes longer than a second for it, what the watch ends it with
        assert server.stop() in (0, 128 + signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL)
        with pytest.raises((IncompleteRead, OSError)):
            response.read()
        connection.close()
    assert "Traceback" not in server.log_text


def _refused(server: Server) -> str:
    try:
        server.request("/healthz")
    except OSError as error:
        return str(error)
    return ""

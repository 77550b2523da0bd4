"""Requests that are too many, and answers that take too long."""

from __future__ import annotations

import json
import time

import pytest
from PIL import Image

from tests.edgect.synthetic import body, encode
from tests.serving import FORM, multipart, scans, serving

pytest.importorskip("starlette", reason="needs edgect[serve]")


def test_when_all_places_are_taken_it_says_so_at_once_and_takes_the_next() -> None:
    with serving("--max-requests", 1, "--stall", 30) as server:
        waiting = server.connection()
        content = multipart(scans(1))
        waiting.putrequest("POST", "/v1/classify")
        waiting.putheader("Content-Type", FORM)
        waiting.putheader("Content-Length", str(len(content)))
        waiting.endheaders(content[:100])
        while server.request("/readyz")[0].status != 503:
            time.sleep(0.01)
        response, refused = server.post("/v1/classify", scans(1))
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert "ask again" in json.loads(refused)["error"]
        waiting.send(content[100:])
        assert json.loads(waiting.getresponse().read())["status"] == "ok"
        assert server.request("/readyz")[0].status == 200
        # one that goes away frees its place
        leaving = server.connection()
        leaving.putrequest("POST", "/v1/classify")
        leaving.putheader("Content-Type", FORM)
        leaving.putheader("Content-Length", "1000")
        leaving.endheaders(b"--")
        leaving.close()
        while server.request("/readyz")[0].status != 200:
            time.sleep(0.01)
        assert server.classify(scans(1))[0]["status"] == "ok"


def test_what_is_not_answered_in_time_says_so_in_its_row() -> None:
    pages = [Image.fromarray(body(seed)) for seed in range(150)]
    tiff = encode(body(), "TIFF", save_all=True, append_images=pages)
    with serving("--timeout", 0.3, "--threads", 1) as server:
        response, content = server.post("/v1/classify", [("pages.tif", tiff), *scans(2)])
        while response.status == 408:  # on a busy machine it may not even have come in
            response, content = server.post("/v1/classify", [("pages.tif", tiff), *scans(2)])
    rows = [json.loads(line) for line in content.splitlines()]
    assert {row["status"] for row in rows[:-3]} <= {"ok"}  # none on a machine that is busy
    assert ["not answered within 0.3 s" in row["reason"] for row in rows[-3:]] == [True] * 3
    assert [row["path"] for row in rows[-2:]] == [name for name, _ in scans(2)]

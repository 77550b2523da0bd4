"""A server process with the real engine, asked as programs ask."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from edgect import Classifier
from edgect.cli import main
from edgect.report import SHARED_STYLE
from edgect.report.heat_map import STRONGEST, overlay
from edgect.rows.columns import COLUMNS
from tests.edgect.scans import dicom_files
from tests.edgect.synthetic import body, encode
from tests.serving import File, Row, Server, scans, serving

pytest.importorskip("starlette", reason="needs edgect[serve]")

TOKEN = "a-token-that-is-long-enough"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("--threads", 2) as running:
        yield running


def untimed(row: Row) -> Row:
    return {name: row[name] for name in COLUMNS if name not in ("milliseconds", "threads", "path")}


def mixed() -> list[File]:
    """Scans, frames, archives, DICOM and rubbish."""
    pages = [Image.fromarray(body(seed)) for seed in range(1, 3)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("z.png", encode(body(3), "PNG"))
        file.writestr("a/b.txt", b"a note")
        file.writestr("./here.png", encode(body(4), "PNG"))
        file.writestr(".hidden.png", b"x")
    volume = [dicom_files.hounsfield(seed) for seed in range(3)]
    return [
        *scans(2),
        ("pages.tif", encode(body(), "TIFF", save_all=True, append_images=pages)),
        ("previewed.jpg", encode(body(5), "MPO", save_all=True, append_images=pages)),
        ("scans.zip", archive.getvalue()),
        ("cut.zip", archive.getvalue()[:40]),
        ("slice.dcm", dicom_files.write(dicom_files.ct())),
        ("volume.dcm", dicom_files.write(dicom_files.enhanced(volume))),
        ("cut.png", encode(body(), "PNG")[:1000]),
        ("empty.png", b""),
        ("note.txt", b"ask the ward"),
    ]


def test_rows_are_those_of_the_command_line(server: Server, tmp_path: Path) -> None:
    files = mixed()
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    line = ["classify", *(str(tmp_path / name) for name, _ in files), "--format", "jsonl"]
    expected = [json.loads(row) for row in CliRunner().invoke(main, line).stdout.splitlines()]
    rows = server.classify(files)
    assert [untimed(row) for row in rows] == [untimed(row) for row in expected]
    assert [f"{tmp_path}/{row['path']}" for row in rows] == [row["path"] for row in expected]
    assert {row["status"] for row in rows} == {"ok", "rejected", "error"}


def test_pictures_are_the_slice_and_the_colours_of_the_heat_map(server: Server) -> None:
    (name, content) = scans(1)[0]
    (row, refused) = server.classify([(name, content), ("note.txt", b"x")], "?pictures=true")
    (expected,) = Classifier().classify_content(content, name, evidence=True)
    slice_, activation = (
        cv2.imdecode(np.frombuffer(base64.b64decode(row[name]), np.uint8), cv2.IMREAD_UNCHANGED)
        for name in ("slice", "activation")
    )
    assert expected.pixels is not None
    assert expected.evidence is not None
    assert (slice_ == expected.pixels).all()
    alpha = activation[..., 3:] / 255 * STRONGEST
    laid = slice_[..., None] * (1 - alpha) + activation[..., :3] * alpha
    scale = Classifier().bundle.manifest.heat_map_scale
    assert np.abs(laid - overlay(expected.pixels, expected.evidence, scale)).max() <= 1.5
    assert (row["file"], refused["file"]) == (0, 1)
    assert refused["slice"] is refused["activation"] is row["soft_tissue"] is None


def test_nobody_is_named_unless_the_server_was_told_to(server: Server) -> None:
    scan = ("a.dcm", dicom_files.write(dicom_files.ct(PatientName=dicom_files.CANARY)))
    (row,) = server.classify([scan], "?pictures=true")
    assert dicom_files.CANARY not in json.dumps(row)
    assert not {"patient_name", "patient_birth_date"} & row.keys()


def test_the_heat_map_is_a_png_or_a_reason(server: Server) -> None:
    response, content = server.post("/v1/heat-map", scans(1))
    assert (response.status, response.headers["Content-Type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(content)).mode == "RGB"
    response, content = server.post("/v1/heat-map", [("note.txt", b"x")])
    assert response.status == 422
    assert "not an image" in json.loads(content)["error"]
    pages = [Image.fromarray(body(seed)) for seed in range(1, 3)]
    tiff = [("pages.tif", encode(body(), "TIFF", save_all=True, append_images=pages))]
    assert server.post("/v1/heat-map?frame=1", tiff)[1] != server.post("/v1/heat-map?frame=0", tiff)[1]
    assert server.post("/v1/heat-map?frame=9", tiff)[0].status == 422


def test_series_are_those_of_the_command_line(server: Server, tmp_path: Path) -> None:
    slices = [
        dicom_files.ct(dicom_files.hounsfield(n), ImagePositionPatient=[0, 0, 2.5 * n]) for n in (2, 0, 1)
    ]
    files = [(f"{n}.dcm", dicom_files.write(dataset)) for n, dataset in enumerate(slices)]
    for name, content in files:
        (tmp_path / name).write_bytes(content)
    rows = server.classify(files)
    _, content = server.request("/v1/series", json.dumps({"rows": rows}).encode())
    (summary,) = json.loads(content)["series"]
    series_file = tmp_path / "series.jsonl"
    line = [
        "classify",
        *(str(tmp_path / name) for name, _ in files),
        "--format",
        "jsonl",
        "--series",
        str(series_file),
    ]
    CliRunner().invoke(main, line)
    assert summary == json.loads(series_file.read_text())


def test_what_is_told_of_itself(server: Server) -> None:
    manifest = json.loads(server.request("/v1/model")[1])
    settings = json.loads(server.request("/v1/settings")[1])
    assert manifest["name"] == settings["model"] == "lungs"
    assert "Research use only" in settings["research_notice"]
    assert server.request("/healthz")[0].status == server.request("/readyz")[0].status == 200
    row = server.classify(scans(1))[0]
    described = json.loads(server.request("/openapi.json")[1])
    schema = described["components"]["schemas"]["Row"]
    assert set(schema["required"]) == set(row)
    kinds = {str: "string", int: "integer", float: "number", type(None): "null"}
    for name, value in row.items():
        allowed = schema["properties"][name].get("type", "string")
        assert kinds[type(value)] in allowed or (type(value) is int and "number" in allowed), name
    for path, methods in described["paths"].items():
        assert server.request(path, method=next(iter(methods)).upper())[0].status not in (404, 405), path


def test_the_page_has_the_style_that_it_shares_with_the_report(server: Server) -> None:
    assert b'href="/page/shared.css"' in server.request("/")[1]
    response, content = server.request("/page/shared.css")
    assert (response.status, content) == (200, SHARED_STYLE.read_bytes())
    assert response.headers["Content-Type"].startswith("text/css")


def test_metrics_count_rows(server: Server) -> None:
    def rejected() -> float:
        lines = server.request("/metrics")[1].decode().splitlines()
        start = 'edgect_rows_total{label="",status="rejected"} '
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    before = rejected()
    server.classify([("note.txt", b"x")] * 3)
    assert rejected() == before + 3


def test_every_answer_forbids_what_browsers_would_do(server: Server) -> None:
    for path in ("/", "/v1/settings", "/nowhere", "/page/nothing.js"):
        headers = server.request(path)[0].headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers
    while "/page 404, 0 files" not in server.log_text:  # its line comes after the answer
        time.sleep(0.01)


def test_a_method_that_a_route_has_not_is_refused_as_json(server: Server) -> None:
    response, content = server.request("/v1/classify", method="GET")
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert json.loads(content)["error"] == "Method Not Allowed"


def test_nothing_that_was_sent_is_in_the_log_or_on_the_disk(tmp_path: Path) -> None:
    # a name, a DICOM field and a query that would be recognised
    canary = dicom_files.CANARY
    files = [(f"{canary}.dcm", dicom_files.write(dicom_files.ct())), (f"{canary}.png", scans(1)[0][1])]
    with serving(TMPDIR=str(tmp_path), HOME=str(tmp_path), EDGECT_SALT="salt", EDGECT_CACHE_DIR="") as server:
        server.classify([*files, ("big.bin", os.urandom(3_000_000))], f"?pictures=true&{canary}={canary}")
        server.request(f"/{canary}?{canary}", None, X_Canary=canary)
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        opened = []
        for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                opened.append(os.readlink(link))
        assert server.stop() == 0
    assert not written
    assert not [path for path in opened if path.startswith(str(tmp_path))]
    assert "/v1/classify 200, 3 files" in server.log_text
    assert canary not in server.log_text


def test_with_a_token_nobody_else_is_answered() -> None:
    with serving(EDGECT_TOKEN=TOKEN) as server:
        assert server.post("/v1/classify", scans(1))[0].status == 401
        assert server.request("/v1/settings")[0].status == 200
        (row,) = server.classify(scans(1), Authorization=f"Bearer {TOKEN}")
        assert row["status"] == "ok"
        assert TOKEN not in server.log_text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "a token is needed"),
        (["--contact", "IT\n4711"], "--contact must be one line"),
        (["--contact", 201 * "a"], "at most 200 printable characters"),
        (["--host", "192.0.2.1", "--token-file", "TOKEN"], "cannot listen on this address"),
        (["--token-file", "SHORT"], "at least 16"),
        (["--port", "TAKEN"], "cannot listen on this address"),
    ],
)
def test_a_server_that_may_not_or_cannot_listen_is_a_usage_error(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "short").write_text("abc\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = {
            "TOKEN": str(tmp_path / "token"),
            "SHORT": str(tmp_path / "short"),
            "TAKEN": str(taken.getsockname()[1]),
        }
        line = ["serve", *(words.get(word, word) for word in arguments)]
        done = CliRunner().invoke(main, line)
    assert done.exit_code == 2
    assert message in done.output


def test_many_clients_at_once_get_the_answers_of_one() -> None:
    files = scans()
    expected = {row["path"]: untimed(row) for row in _alone(files)}
    rows: list[Row] = []
    with serving("--max-requests", 4) as server:

        def client(number: int) -> None:
            file = files[number % len(files)]
            while (response := server.post("/v1/classify", [file]))[0].status == 503:
                time.sleep(0.02)
            rows.append(json.loads(response[1]))

        threads = [threading.Thread(target=client, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(rows) == 24
    assert all(untimed(row) == expected[row["path"]] for row in rows)


def _alone(files: list[File]) -> Iterator[Row]:
    classifier = Classifier()
    for name, content in files:
        yield from (prediction.row() for prediction in classifier.classify_content(content, name))


def test_it_listens_on_ipv6_too() -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    server = Server(host="::1")
    try:
        with urlopen(f"http://[::1]:{server.port}/healthz") as response:
            assert response.status == 200
    finally:
        server.stop()

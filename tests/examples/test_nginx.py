"""The proxy's configuration: nginx before a real server, with a certificate of its own."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import time
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.examples.asked import free_port
from tests.serving import FORM, multipart, serving

pytest.importorskip("starlette", reason="needs edgect[serve]")
CONFIGURATION = Path(__file__).parents[2] / "examples/nginx.conf"
SCAN = CONFIGURATION.parent / "scans/covid-saopaulo-0001.webp"
TOKEN = "a-token-of-these-tests-0123456789"
SECONDS = 240


@pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="nginx is not installed")
def test_it_answers_by_tls_and_keeps_no_file(tmp_path: Path) -> None:
    key, certificate, port = tmp_path / "tls.key", tmp_path / "tls.crt", free_port()
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*make, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with serving(EDGECT_TOKEN=TOKEN) as server:
        text = CONFIGURATION.read_text()
        for written, meant in {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "127.0.0.1:8765": f"127.0.0.1:{server.port}",
            "/etc/edgect": str(tmp_path),
        }.items():
            assert written in text
            text = text.replace(written, meant)
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; user root; pid {tmp_path}/pid; error_log {tmp_path}/errors;\n{text}"
        )
        before = {path.name for path in tmp_path.iterdir()}
        proxy = subprocess.Popen(["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf"])
        try:
            context = ssl.create_default_context(cafile=str(certificate))
            origin = {"Origin": f"https://localhost:{port}", "Authorization": f"Bearer {TOKEN}"}
            end = time.monotonic() + SECONDS
            while True:
                connection = HTTPSConnection("localhost", port, timeout=SECONDS, context=context)
                try:
                    body = multipart([(SCAN.name, SCAN.read_bytes())] * 20)
                    connection.request("POST", "/v1/classify", body, {"Content-Type": FORM, **origin})
                    break
                except ConnectionRefusedError:
                    assert proxy.poll() is None, (tmp_path / "errors").read_text()
                    assert time.monotonic() < end
                    time.sleep(0.05)
            response = connection.getresponse()
            rows = [json.loads(line) for line in response.read().splitlines()]
        finally:
            proxy.terminate()
            proxy.wait(SECONDS)
    assert (response.status, len(rows), rows[0]["label"]) == (200, 20, "COVID-19")
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in before]
    assert {path.name for path in left} <= {"errors", "pid"}
    assert "temporary file" not in (tmp_path / "errors").read_text()

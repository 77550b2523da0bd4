"""Requests that mean no good, or know no better: `python -m tests.hostile_requests`.

Sends each to a server of its own kind, asks that for an answer on a good scan after each, and prints a table
of what they got, which `--markdown FILE` writes to a file. A new kind is one `Kind` in `KINDS`.
"""

from __future__ import annotations

import argparse
import io
import json
import socket
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.edgect.scans import dicom_files
from tests.edgect.synthetic import bomb_png
from tests.serving import FORM, File, Server, multipart, scans, serving

PAGE_COMMAND = "python -m tests.hostile_requests --markdown tests/HOSTILE.md"
STALL, TIMEOUT = 0.5, 1.5  # seconds, of the server that these are sent to
LIMITS = (
    "--stall", STALL, "--timeout", TIMEOUT, "--max-request", 1, "--max-files", 4, "--max-connections", 24,
    "--max-bytes", 400_000,
)  # fmt: skip
TOKEN = "correct-horse-battery"
OPEN = b"(still open)"  # what a client notes where it was not cut off
SCRIPT = "<script>alert(1)</script>.png"
Send = Callable[[Server], bytes]


@dataclass(frozen=True)
class Kind:
    """what: was sent. send: sends it; returns all that came back. got: how that begins, or what it holds."""

    what: str
    send: Send
    got: tuple[bytes, ...]


def raw(content: bytes, end: bool = False, wait: float = 20) -> Send:
    """end: of what is sent is told (a half-closed connection)."""

    def send(server: Server) -> bytes:
        with socket.create_connection((server.host, server.port), timeout=wait) as connection:
            try:
                connection.sendall(content)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:  # it was cut off already
                pass
            return everything(connection)

    return send


def everything(connection: socket.socket) -> bytes:
    """Until the server closes the connection."""
    received = b""
    try:
        while more := connection.recv(65536):
            received += more
    except ConnectionResetError:
        pass
    return received


def head(start: str, *headers: str, host: str = "127.0.0.1") -> bytes:
    return "\r\n".join([start, f"Host: {host}", "Connection: close", *headers, "", ""]).encode()


def post(
    body: bytes, *headers: str, path: str = "/v1/classify", form: str = FORM, host: str = "127.0.0.1"
) -> bytes:
    return (
        head(
            f"POST {path} HTTP/1.1",
            f"Content-Type: {form}",
            f"Content-Length: {len(body)}",
            *headers,
            host=host,
        )
        + body
    )


def files(*uploads: File) -> Send:
    return raw(post(multipart(uploads)))


def dripping(content: bytes, count: int) -> Send:
    """A few bytes at a time, each before the server has lost patience with a stalled client."""

    def send(server: Server) -> bytes:
        with socket.create_connection((server.host, server.port), timeout=STALL / 3) as connection:
            received = b""
            for start in range(count):
                try:
                    connection.sendall(content[start : start + 1] or b"x")
                    received += (more := connection.recv(65536))
                    if not more:
                        return received
                except TimeoutError:
                    continue
                except OSError:
                    return received
            return received + OPEN

    return send


def crowd(server: Server) -> bytes:
    """More connections than are taken, all idle; the answer to the last of them."""
    links = [socket.create_connection((server.host, server.port), timeout=20) for _ in range(30)]
    try:
        return everything(links[-1])
    finally:
        for connection in links:
            everything(connection)  # as the server has cut it off
            connection.close()


def unread(server: Server) -> bytes:
    """Requests one after another, whose answers are never read, until the server has had enough."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect((server.host, server.port))
        request = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100
        try:
            while True:
                connection.sendall(request)
        except TimeoutError:
            return OPEN
        except OSError:
            return b""


def late_body(server: Server) -> bytes:
    """A body that goes on by the drop after the request has its answer."""
    with socket.create_connection((server.host, server.port), timeout=STALL / 3) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n")
        received = b""
        for _ in range(20):
            try:
                connection.sendall(b"x")
                received += (more := connection.recv(65536))
                if not more:
                    return received
            except TimeoutError:
                continue
            except OSError:
                return received
        return received + OPEN


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(50_000_000))
        archive.writestr("../up.png", b"x")
    return file.getvalue()


def hostile_dicom() -> bytes:
    named = "<script>alert(1)</script>"
    dataset = dicom_files.ct(SeriesInstanceUID="1.2.3", PatientName=named, SeriesDescription=named)
    return dicom_files.write(dataset)


def kinds() -> Iterator[Kind]:
    (good,) = scans(1)
    body = multipart([good])
    upgrade = head("GET /v1/classify HTTP/1.1", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    upgrade = upgrade.replace(b"Connection: close", b"Connection: Upgrade")
    yield Kind("a body longer than allowed, told beforehand", raw(post(bytes(2_000_000))), (b"413",))
    yield Kind(
        "a body longer than allowed, in chunks",
        raw(
            head("POST /v1/classify HTTP/1.1", f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
            + b"".join(b"10000\r\n" + bytes(65536) + b"\r\n" for _ in range(20))
            + b"0\r\n\r\n"
        ),
        (b"HTTP/1.1 4",),
    )
    yield Kind(
        "a content length of 10^18",
        raw(post(b"", "X: y").replace(b"Length: 0", b"Length: 1" + b"0" * 18)),
        (b"413",),
    )
    yield Kind("a negative content length", raw(post(b"").replace(b"Length: 0", b"Length: -5")), (b"400",))
    yield Kind("too many files", files(*[good] * 5), (b"413", b"4 files"))
    yield Kind(
        "a file longer than allowed",
        files(("big.png", bytes(500_000))),
        (b"200", b'"error"', b"over the limit"),
    )
    yield Kind("an empty file", files(("empty.png", b"")), (b"200", b"empty file"))
    yield Kind(
        "a zip bomb, and a member that leads out",
        files(("bomb.zip", zip_bomb())),
        (b"200", b"over the limit", b"leads out"),
    )
    yield Kind(
        "a picture that declares 60,000 x 60,000 pixels",
        files(("bomb.png", bomb_png())),
        (b"200", b"over the limit"),
    )
    yield Kind("noise named as a picture", files(("noise.png", bytes(range(256)) * 9)), (b"200", b'"error"'))
    yield Kind("no multipart body", raw(post(b"a=b", form="application/x-www-form-urlencoded")), (b"415",))
    yield Kind(
        "no content type", raw(head("POST /v1/classify HTTP/1.1", "Content-Length: 3") + b"abc"), (b"415",)
    )
    yield Kind("multipart without a boundary", raw(post(body, form="multipart/form-data")), (b"400",))
    yield Kind(
        "a boundary of 1,000 characters",
        raw(post(body, form=f"multipart/form-data; boundary={'b' * 1000}")),
        (b"400",),
    )
    yield Kind("a body that is not multipart inside", raw(post(b"nothing of the kind")), (b"400",))
    yield Kind("a body that ends before its last boundary", raw(post(body[:-20])), (b"400",))
    yield Kind("a part that is no file", raw(post(multipart([good], field="other"))), (b"400",))
    yield Kind("a part with a header of 100,000 bytes", files(("n" * 100_000, b"x")), (b"400",))
    yield Kind(
        "a name that leads out: ../../etc/passwd",
        files(("../../../etc/passwd", b"x")),
        (b"200", b'"../../../etc/passwd"'),
    )
    yield Kind(
        "an absolute name of a file that is there",
        files(("/etc/hostname", good[1])),
        (b"200", b'"ok"', b'"/etc/hostname"'),
    )
    yield Kind(
        "a name with NUL and line ends", files(("a\0b%0d%0aSet-Cookie: x.png", good[1])), (b"200", b"u0000")
    )
    yield Kind("a name written backwards (U+202E)", files(("a\u202egnp.exe", good[1])), (b"200", b"u202e"))
    yield Kind(
        "a name of bytes that are no UTF-8",
        raw(post(body.replace(good[0].encode(), b"\xff\xfe.png"))),
        (b"200", b"xff"),
    )
    yield Kind(
        "a script as a name", files((SCRIPT, good[1])), (b"200", b'"ok"', b"application/x-ndjson", b"nosniff")
    )
    yield Kind("a script in DICOM fields", files(("slice.dcm", hostile_dicom())), (b"200",))
    yield Kind("another host's name (DNS rebinding)", raw(post(body, host="evil.example:80")), (b"403",))
    yield Kind("no host", raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), (b"400",))
    yield Kind("from a page of another site", raw(post(body, "Origin: http://evil.example")), (b"403",))
    yield Kind(
        "from a page without an origin (a sandboxed frame)", raw(post(body, "Origin: null")), (b"403",)
    )
    yield from other_sites(body)
    yield Kind("PUT, DELETE and the like", raw(head("DELETE /v1/classify HTTP/1.1")), (b"405",))
    yield Kind("a route that is not there", raw(head("GET /admin HTTP/1.1")), (b"404",))
    yield Kind("/page/../../cli/serve.py", raw(head("GET /page/../../cli/serve.py HTTP/1.1")), (b"404",))
    yield Kind(
        "/page/..%2f..%2fcli%2fserve.py", raw(head("GET /page/..%2f..%2fcli%2fserve.py HTTP/1.1")), (b"404",)
    )
    yield Kind("a query that is no flag", raw(post(body, path="/v1/classify?pictures=%00")), (b"400",))
    yield Kind(
        "/v1/series with rows that are none", raw(post(b'{"rows": [[], 7]}', path="/v1/series")), (b"400",)
    )
    yield Kind(
        "/v1/series with 100,000 nested lists",
        raw(post(b'{"rows": ' + b"[" * 100_000, path="/v1/series")),
        (b"400",),
    )
    rows = {"rows": [{"series": "1", "position": float("1e999"), "frame": "9" * 5000}]}
    yield Kind(
        "/v1/series with numbers of any size",
        raw(post(json.dumps(rows).encode(), path="/v1/series")),
        (b"400",),
    )
    yield Kind("a frame of 5,000 digits", raw(post(body, path=f"/v1/heat-map?frame={'9' * 5000}")), (b"400",))
    yield Kind("a head of 100,000 bytes", raw(head("GET / HTTP/1.1", "X: " + "y" * 100_000)), (b"431",))
    yield Kind("a head that never ends", raw(b"GET / HTTP/1.1\r\nX: y"), (b"",))
    yield Kind("a head by the drop", dripping(b"GET / HTTP/1.1\r\nX: " + b"y" * 1000, 60), (b"",))
    yield Kind("a body that never comes", raw(post(body)[: -len(body)]), (b"408",))
    yield Kind("a body by the drop", raw_then_drip(post(body), len(body)), (b"408",))
    yield Kind("a client that is gone at half its body", raw(post(body)[:-10_000], end=True), (b"",))
    yield Kind("two lengths (smuggling)", raw(post(b"12345", "Content-Length: 6")), (b"400",))
    yield Kind(
        "a length and chunks (smuggling)",
        raw(post(b"0\r\n\r\nGET /", "Transfer-Encoding: chunked")),
        (b"HTTP/1.1 4",),
    )
    yield Kind(
        "the hello of TLS", raw(bytes.fromhex("16030100a5010000a10303") + bytes(160) + b"\r\n\r\n"), (b"400",)
    )
    yield Kind("noise", raw(bytes(range(256)) + b"\r\n\r\n"), (b"400",))
    yield Kind("an upgrade to a websocket", raw(upgrade), (b"405",))
    yield Kind("a body that goes on after its answer", late_body, (b"200", b'{"status":"ok"}'))
    yield Kind("answers that are never read", unread, (b"",))
    yield Kind("an origin that is no address", raw(post(body, "Origin: http://[")), (b"403",))
    yield Kind("30 connections where 24 are taken", crowd, (b"503",))


def other_sites(body: bytes) -> Iterator[Kind]:
    """What a browser sends for a page of another site, by what that does (W3C, Fetch Metadata)."""
    for what, start, mode, destination, got in (
        ("a link to the page", "GET / HTTP/1.1", "navigate", "document", b"200"),
        ("the page in a frame", "GET / HTTP/1.1", "navigate", "iframe", b"403"),
        ("the page as an object", "GET / HTTP/1.1", "navigate", "object", b"403"),
        ("a fetch of the page", "GET / HTTP/1.1", "no-cors", "empty", b"403"),
        ("a script of the page", "GET /page/main.js HTTP/1.1", "no-cors", "script", b"403"),
        ("a link to the model", "GET /v1/model HTTP/1.1", "navigate", "document", b"403"),
    ):
        lines = f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {destination}"
        for site in ("cross-site", "same-site"):
            yield Kind(
                f"{what}, {site}", raw(head(start, f"Sec-Fetch-Site: {site}", *lines)), (b"HTTP/1.1 " + got,)
            )
    form = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    yield Kind("a form that another site sends", raw(post(body, *form)), (b"403",))
    yield Kind("a form that it sends to the page", raw(post(body, *form, path="/")), (b"403",))
    rebound = head("GET / HTTP/1.1", *form, host="evil.example:80")
    yield Kind("a link by another host's name (DNS rebinding)", raw(rebound), (b"403",))
    origin = head("GET / HTTP/1.1", *form, "Origin: http://evil.example")
    yield Kind("a link with an origin", raw(origin), (b"403",))


def raw_then_drip(content: bytes, body: int) -> Send:
    def send(server: Server) -> bytes:
        with socket.create_connection((server.host, server.port), timeout=STALL / 3) as connection:
            connection.sendall(content[:-body])
            received = b""
            for start in range(len(content) - body, len(content)):
                try:
                    connection.sendall(content[start : start + 1])
                    more = connection.recv(65536)
                    received += more
                    if not more:
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
            return received

    return send


def token_kinds() -> Iterator[Kind]:
    body = multipart(scans(1))
    for what, header in (
        ("no token where one is needed", "X: y"),
        ("a wrong token", f"Authorization: Bearer {TOKEN}x"),
        ("the token by another scheme", f"Authorization: Basic {TOKEN}"),
    ):
        yield Kind(what, raw(post(body, header)), (b"401", b"WWW-Authenticate"))
    yield Kind("the token in the query", raw(post(body, path=f"/v1/classify?token={TOKEN}")), (b"401",))
    yield Kind("/metrics without the token", raw(head("GET /metrics HTTP/1.1")), (b"401",))


@dataclass(frozen=True)
class Outcome:
    what: str
    got: str
    expected: bool
    answers_after: bool


def outcomes(server: Server, requests: Iterator[Kind], **headers: str) -> Iterator[Outcome]:
    good = scans(1)
    (before,) = server.classify(good, **headers)
    for kind in requests:
        print(kind.what, file=sys.stderr)
        got = kind.send(server)
        (after,) = server.classify(good, **headers)
        same = all(before[name] == after[name] for name in ("status", "label", "probability"))
        expected = all(part.lower() in got.lower() for part in kind.got) and not any(
            part in got.lower() for part in (b"traceback", OPEN)
        )
        yield Outcome(kind.what, _short(got), expected, same)


# what RFC 9110 calls otherwise than those before it, and Python from 3.13 on
RENAMED = {
    "Request Entity Too Large": "Content Too Large",
    "Request-URI Too Long": "URI Too Long",
    "Requested Range Not Satisfiable": "Range Not Satisfiable",
    "Unprocessable Entity": "Unprocessable Content",
}


def _short(got: bytes) -> str:
    if not got:
        return "cut off"
    start, _, rest = got.partition(b"\r\n")
    status = start.decode("latin-1").removeprefix("HTTP/1.1 ")
    for before, now in RENAMED.items():
        status = status.replace(before, now)
    body = rest.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    try:
        rows = [json.loads(line) for line in body.splitlines() if line.startswith("{")]
    except ValueError:
        return status
    messages = "; ".join(text for row in rows if (text := row.get("error") or row.get("reason")))
    if messages:
        return f"{status}: {messages}"
    if b"text/html" in rest.partition(b"\r\n\r\n")[0]:
        return f"{status}: the page"
    return f"{status}: an answer" if status.startswith("200") else status


def run() -> list[Outcome]:
    with serving(*LIMITS) as server:
        results = list(outcomes(server, kinds()))
    with serving(*LIMITS, EDGECT_TOKEN=TOKEN) as server:
        results += outcomes(server, token_kinds(), Authorization=f"Bearer {TOKEN}")
    return results


def page(results: list[Outcome]) -> str:
    lines = [
        "# What hostile requests get",
        "",
        f"Written by `{PAGE_COMMAND}`. The server had small limits: {STALL:g} s without",
        f"a byte, {TIMEOUT:g} s for a request, 1 MiB, 4 files, 400,000 bytes of a file, 24 connections.",
        "After each, a good scan got its right answer.",
        "",
        "| sent | got |",
        "| --- | --- |",
    ]
    lines += [f"| {outcome.what} | {outcome.got.replace('|', chr(92) + '|')} |" for outcome in results]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    results = run()
    for outcome in results:
        note = "" if outcome.expected and outcome.answers_after else "  <-- NOT AS EXPECTED"
        print(f"{outcome.what:55} {outcome.got}{note}")
    if arguments.markdown:
        arguments.markdown.write_text(page(results), encoding="utf-8")
    sys.exit(not all(outcome.expected and outcome.answers_after for outcome in results))


if __name__ == "__main__":
    main()

"""No file that was put in is lost, whatever becomes of the server: tokens, limits, a full queue, a stop."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgect.model.bundles.bundle import Bundle
from tests.edgect.scans.dicom_files import ct, write
from tests.edgect.synthetic import SCANS, body, write_scan
from tests.kiosk import Kiosk, kiosk_of

TOKEN = "a-token-of-the-tests"
CONTACT = "Radiology IT <b>4711</b>"
STARTED = "!document.getElementById('start').hidden && !document.getElementById('token').open"


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    """One request at a time, of two files and 1 MiB at most, as slow as it likes, with a token."""
    limits = ("--max-requests", 1, "--max-files", 2, "--max-request", 1, "--idle-minutes", 0)
    limits += ("--stall", 600, "--timeout", 600)
    options = (*limits, "--contact", CONTACT)
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk"), *options, EDGECT_TOKEN=TOKEN) as kiosk:
        kiosk.browser.get(kiosk.server.url)
        yield kiosk


@pytest.fixture
def kiosk(page: Kiosk) -> Iterator[Kiosk]:
    page.until("document.getElementById('token').open || !document.getElementById('start').hidden")
    if page.run("return document.getElementById('token').open"):
        page.at("token-input").send_keys(TOKEN + "\n")
        page.until(STARTED)
    yield page
    if page.at("clear").is_displayed():
        page.at("clear").click()


@pytest.mark.parametrize(("language", "words"), [("de", "Bitte fragen"), ("en", "Please ask")])
def test_it_says_whom_to_ask_for_the_token(page: Kiosk, language: str, words: str) -> None:
    page.browser.get(f"{page.server.url}?lang={language}")
    page.until("document.getElementById('token').open")
    assert page.text("token-contact") == f"{words}: {CONTACT}"


def test_it_asks_for_the_token(page: Kiosk) -> None:
    page.browser.get(page.server.url)
    page.until("document.getElementById('token').open")
    token_input = page.at("token-input")
    token_input.send_keys("not-the-token-at-all\n")
    page.until("document.getElementById('token-wrong').textContent")
    token_input.send_keys(TOKEN + "\n")
    page.until(STARTED)
    assert page.run("return localStorage.length + sessionStorage.length") == 0
    assert TOKEN not in page.run("return document.documentElement.outerHTML")


def test_a_folder_has_every_file_in_order(kiosk: Kiosk, tmp_path: Path) -> None:
    folder = tmp_path / "ward"
    for name, seed in (("2.png", 0), ("10.png", 1), ("a/1.png", 2), ("a/b/3.png", 3)):
        write_scan(folder / name, seed)
    (folder / "notes.txt").write_text("nothing of a scan")
    (folder / ".hidden").write_text("left out")
    (folder / "big.png").write_bytes(bytes(2_000_000))
    (folder / "empty.png").write_bytes(b"")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "2.png", "x/7.png")
        archive.write(folder / "10.png", "x/8.png")
    kiosk.choose(folder, into="folder")
    kiosk.finished()
    shown = kiosk.texts("#rows .name")
    assert [name.removeprefix("ward/") for name in shown] == [
        *("2.png", "10.png", "a/1.png", "a/b/3.png", "big.png", "empty.png"),
        *("more.zip/x/7.png", "more.zip/x/8.png", "notes.txt"),
    ]
    rows = dict(zip(shown, kiosk.texts(".row"), strict=True))
    assert "Not looked at" in rows["ward/big.png"]
    assert "2 MB" in rows["ward/big.png"]
    assert "at most 1 MB" in rows["ward/big.png"]
    assert kiosk.text("list-title") == "9 rows from 8 files"
    assert kiosk.text("left-out").startswith("1 hidden file")


def drop(kiosk: Kiosk, *paths: Path) -> None:
    """Let go of files over the page; again where the browser lost them, as busy ones do."""
    kiosk.run("window.heard = 0; addEventListener('drop', () => window.heard++, { once: true })")
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for _ in range(10):
        for kind in ("dragEnter", "dragOver", "drop"):
            event = {"type": kind, "x": 500, "y": 300, "data": data}
            kiosk.browser.execute_cdp_cmd("Input.dispatchDragEvent", event)
        if kiosk.within(20, "window.heard"):
            return
    raise AssertionError("the page heard of no drop")


def test_what_is_dropped_is_walked_to_any_depth(kiosk: Kiosk, tmp_path: Path) -> None:
    names = [f"deep/er/{number:03}.txt" for number in range(120)]  # over the hundred that a browser gives
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("no scan")
    (tmp_path / "none").mkdir()
    drop(kiosk, tmp_path / "none")
    kiosk.until("document.getElementById('live').textContent === 'There is no file in it.'")
    drop(kiosk, tmp_path / "deep", write_scan(tmp_path / "a.png"))
    kiosk.finished()
    assert kiosk.texts("#rows .name") == ["a.png", *names]
    drop(kiosk, tmp_path / "a.png")  # of somebody else, maybe
    assert kiosk.text("live").startswith("Clear the page first")
    assert kiosk.text("list-title") == "121 rows from 121 files"


def test_a_folder_that_never_opens_is_given_up(kiosk: Kiosk, tmp_path: Path) -> None:
    """As one of a network share may not."""
    kiosk.run(
        """window.entry = DataTransferItem.prototype.webkitGetAsEntry;
        const closed = { isDirectory: true, fullPath: '/share', createReader: () => ({ readEntries() {} }) };
        DataTransferItem.prototype.webkitGetAsEntry = () => closed;"""
    )
    drop(kiosk, tmp_path)
    kiosk.run("DataTransferItem.prototype.webkitGetAsEntry = window.entry")
    kiosk.until("!document.getElementById('working').hidden")
    kiosk.at("cancel").click()
    kiosk.until("!document.getElementById('start').hidden")
    kiosk.put(SCANS / "covid-saopaulo-0001.webp")
    assert kiosk.text("list-title") == "1 row from 1 file"


def test_a_full_server_is_waited_for(kiosk: Kiosk) -> None:
    scan = SCANS / "covid-saopaulo-0001.webp"
    kiosk.run(
        """window.told = []; const busy = document.getElementById('busy');
        new MutationObserver(() => told.push(busy.textContent)).observe(busy, { childList: true });"""
    )
    with socket.create_connection((kiosk.server.host, kiosk.server.port)) as other:
        head = f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        kind = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n"
        other.sendall((head + kind).encode())
        while kiosk.server.request("/readyz")[0].status != 503:
            time.sleep(0.01)
        kiosk.choose(scan)
        assert re.search(r"in \d s", kiosk.until("window.told[0]"))
    kiosk.finished()
    assert kiosk.text("detail-name") == scan.name
    assert kiosk.text("detail-answer") == "COVID-19"


def test_a_series_is_in_order_with_its_rule(kiosk: Kiosk, tmp_path: Path) -> None:
    """Slices whose names are in another order than their positions, each a little different.

    Two of them are turned by a hair, which makes no stack of theirs.
    """
    window = Bundle.load().manifest.window
    positions = [20.0, 0.0, 10.0, 5.0, 15.0]
    for number, position in enumerate(positions):
        grey = body(3, 200, 256).astype(float) + number
        values = (grey / 255 - 0.5) * window.width + window.level
        turned = 0.001 * (number in (1, 2))
        orientation = [1, 0, 0, 0, 1, turned]
        dataset = ct(
            values.astype("int16"), ImagePositionPatient=[0, 0, position], ImageOrientationPatient=orientation
        )
        dataset.SOPInstanceUID = f"1.2.3.4.{number + 1}"
        (tmp_path / f"IM{number}").write_bytes(write(dataset))
    kiosk.choose(*(tmp_path / f"IM{number}" for number in range(5)))
    kiosk.finished()
    assert kiosk.text("series-title") == "Series without a number"
    assert kiosk.texts("#series .verdict .chip")[0].startswith("The rule says: ")
    assert "a rule, not a validated diagnosis" in kiosk.text("series")
    assert "5 slices, 5 with an answer" in kiosk.text("series")
    assert len(kiosk.texts("#series svg rect.mark")) == 5
    slider = kiosk.browser.find_element("css selector", "#series input")
    seen = []
    for number in range(1, 6):
        kiosk.run(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
            slider,
            number,
        )
        seen.append(kiosk.text("detail-name"))
    assert seen == ["IM1 0.0 mm", "IM3 5.0 mm", "IM2 10.0 mm", "IM4 15.0 mm", "IM0 20.0 mm"]
    kiosk.at("to-list").click()
    assert kiosk.texts("#rows .name") == [f"IM{number}" for number in range(5)]


def test_a_server_that_stops_is_told_of_and_nothing_is_lost(kiosk: Kiosk, tmp_path: Path) -> None:
    files = [
        Path(shutil.copy(SCANS / "not-covid-saopaulo-0039.webp", tmp_path / f"{number}.webp"))
        for number in range(6)
    ]
    kiosk.run(  # the second request waits until the server is gone
        """const ask = window.fetch; let sent = 0;
        window.fetch = async (path, ...rest) => {
            if (String(path).startsWith('/v1/classify') && sent++ === 1) {
                window.waiting = true;
                await new Promise((go) => { window.go = go; });
            }
            return ask(path, ...rest);
        }"""
    )
    kiosk.choose(*files)
    kiosk.until("window.waiting")
    assert kiosk.server.stop() == 0
    kiosk.run("window.go()")
    kiosk.until("document.getElementById('trouble').open")
    assert kiosk.text("trouble-text").startswith("2 of 6 files")
    kiosk.at("again").click()
    kiosk.until("document.getElementById('trouble').open")
    kiosk.at("stop-here").click()
    kiosk.finished()
    assert kiosk.texts("#rows .name") == [path.name for path in files]
    assert kiosk.texts(".row .answers") == ["not COVID-19"] * 2 + ["Not looked at"] * 4
    errors = [json.loads(json.dumps(entry))["message"] for entry in kiosk.browser.get_log("browser")]
    assert all("Failed to load resource" in error for error in errors)

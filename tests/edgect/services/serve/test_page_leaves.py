"""What of a patient leaves the kiosk page, and what stays: reports, clearing, hostile names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgect.model.bundles.bundle import Bundle
from tests.edgect.scans.dicom_files import CANARY, ct, hounsfield, write
from tests.edgect.synthetic import SCANS
from tests.kiosk import Kiosk, kiosk_of

SCAN = SCANS / "covid-saopaulo-0001.webp"
HOSTILE = (
    "<img src=x onerror=document.title='ran'>.webp",
    "\"'><svg onload=document.title='ran'>&lt;.webp",
    "gnp.\u202excod<script>document.title='ran'.webp",
)
DESCRIPTION = "<img src=x onerror=document.title='ran'>"


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk")) as kiosk:
        yield kiosk


@pytest.fixture
def kiosk(page: Kiosk) -> Iterator[Kiosk]:
    page.open()
    yield page
    assert page.browser.get_log("browser") == []


@pytest.fixture
def hostile(tmp_path: Path) -> list[Path]:
    """Scans with names that are markup, and one whose patient is called so."""
    files = [Path(shutil.copy(SCAN, tmp_path / name)) for name in HOSTILE]
    named = "<script>document.title='ran'</script>" + CANARY
    dataset = ct(PatientName=named, PatientID=named, ImageComments=named, SeriesDescription=DESCRIPTION)
    (tmp_path / "named.dcm").write_bytes(write(dataset))
    return [*files, tmp_path / "named.dcm"]


def test_hostile_names_are_shown_and_do_nothing(kiosk: Kiosk, hostile: list[Path]) -> None:
    title = kiosk.browser.title
    kiosk.put(*hostile)
    shown = kiosk.texts("#rows .name")
    assert len(shown) == 4
    assert {HOSTILE[0], HOSTILE[1]} <= set(shown)
    assert (
        HOSTILE[2].replace("\u202e", "\\u{202e}") in shown
    )  # what turns the order of letters is written out
    for row in kiosk.browser.find_elements("css selector", ".row"):
        kiosk.run("arguments[0].click()", row)
    kiosk.pdf()
    assert kiosk.browser.title == title
    assert (
        kiosk.run("return document.querySelectorAll('main script, #rows [onload], img[src=x]').length") == 0
    )
    assert CANARY not in kiosk.run("return document.documentElement.outerHTML")  # nor is it asked for
    assert DESCRIPTION in kiosk.text("rows")


def test_the_saved_report_stands_alone(kiosk: Kiosk, hostile: list[Path]) -> None:
    kiosk.put(SCAN, *hostile)
    kiosk.browser.find_elements("css selector", ".row")[kiosk.texts("#rows .name").index(SCAN.name)].click()
    probability, answer = kiosk.text("detail-probability"), kiosk.text("detail-answer")
    report = kiosk.saved()
    assert re.fullmatch(r"edgect-report-[\d-]+\.html", report.name)
    markup = report.read_text(encoding="utf-8")
    assert "<script" not in markup.lower()
    assert CANARY not in markup
    assert "Name: ____" in markup  # to be written by hand
    kiosk.browser.get(report.as_uri())
    page_text = kiosk.browser.find_element("tag name", "body").text
    assert "Research use only: not a medical device, no diagnosis." in page_text
    for part in (probability, answer, Bundle.load().digest[:12], HOSTILE[0], HOSTILE[1]):
        assert part in page_text
    assert kiosk.browser.title == "edgect report"
    assert len(kiosk.texts("tbody tr")) == 5
    assert kiosk.run("return [...document.images].map(i => i.naturalWidth > 100)") == [True, True]
    assert kiosk.run("return getComputedStyle(document.querySelector('.notice')).borderTopStyle") == "solid"
    assert (
        kiosk.run(
            "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        == 0
    )


def test_one_slice_is_printed_on_one_page(kiosk: Kiosk) -> None:
    kiosk.put(SCAN)
    assert len(re.findall(rb"/Type\s*/Page\b", kiosk.pdf())) == 1
    assert kiosk.text("paper") == ""  # a later print is of what is on view then


def forgotten(kiosk: Kiosk) -> bool:
    """Whether nothing of the scan is on the page or kept by the browser."""
    nothing = """const kept = document.documentElement.outerHTML;
        return [...document.querySelectorAll('#files, #folder')].every(i => !i.files.length)
        && localStorage.length + sessionStorage.length === 0 && !document.cookie
        && !kept.includes('saopaulo') && !kept.includes('blob:')
        && !document.getElementById('start').hidden"""
    return bool(kiosk.run(nothing))


def test_clearing_forgets_everything(kiosk: Kiosk) -> None:
    kiosk.put(SCAN)
    url = kiosk.run("return document.getElementById('detail-map').src")
    assert url.startswith("blob:")
    assert not forgotten(kiosk)
    kiosk.at("clear").click()
    assert forgotten(kiosk)
    kiosk.run("const i = new Image(); i.onerror = () => window.gone = true; i.src = arguments[0]", url)
    kiosk.until("window.gone")
    kiosk.browser.get_log("browser")  # the browser tells of the URL that is gone
    kiosk.put(SCAN)
    assert kiosk.text("place") == "1 of 1"


@pytest.mark.parametrize("button", ["print", "save"])
def test_clearing_overtakes_a_report_that_is_being_made(kiosk: Kiosk, button: str) -> None:
    kiosk.put(SCAN)
    kiosk.run("window.printed = 0; window.print = () => window.printed++")
    kiosk.run(
        "document.getElementById(arguments[0]).click(); document.getElementById('clear').click()", button
    )
    with pytest.raises(AssertionError):
        kiosk.until("window.printed || document.getElementById('paper').textContent", 1)
    assert forgotten(kiosk)


def test_clearing_overtakes_a_series_that_is_summed_up(kiosk: Kiosk, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.dcm").write_bytes(
            write(ct(hounsfield(number, 512, 512), ImagePositionPatient=[0, 0, 5 * number]))
        )
    kiosk.run(
        """const real = fetch;
        window.fetch = async (path, options) => {
            if (path === '/v1/series') await new Promise(go => { window.go = go; });
            return real(path, options);
        }"""
    )
    kiosk.choose(*sorted(tmp_path.glob("*.dcm")))
    kiosk.until("Boolean(window.go)")
    kiosk.at("clear").click()
    kiosk.run("window.go()")
    with pytest.raises(AssertionError):
        kiosk.until("!document.getElementById('result').hidden", 1)
    assert kiosk.text("series-links") == ""
    assert forgotten(kiosk)


def test_it_forgets_by_itself_unless_touched(kiosk: Kiosk) -> None:
    kiosk.run("window.clock = Date.now(); Date.now = () => window.clock")
    kiosk.put(SCAN)
    kiosk.run("window.clock += 280_000")  # of 300 s
    kiosk.until("document.getElementById('idle').open")
    assert re.search(r"in 20 s", kiosk.text("idle-text"))
    kiosk.at("stay").click()
    kiosk.until("!document.getElementById('idle').open")
    kiosk.run("window.clock += 260_000")
    kiosk.until("!document.getElementById('idle').open", 1)
    assert kiosk.text("detail-name") == SCAN.name
    kiosk.run("window.clock += 41_000")
    kiosk.until("!document.getElementById('start').hidden")
    assert forgotten(kiosk)


def test_it_is_worked_by_the_keyboard_alone(kiosk: Kiosk, tmp_path: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> None:
        for key in keys:
            kiosk.browser.switch_to.active_element.send_keys(key)

    def focused() -> str:
        return str(kiosk.run("const e = document.activeElement; return e.id || e.className || e.value"))

    assert focused() == "choose-files"
    kiosk.run(
        """for (const id of ['files', 'folder'])
            document.getElementById(id).click = () => { window.asked = id; }"""
    )
    press(Keys.ENTER)
    assert kiosk.run("return window.asked") == "files"
    press(Keys.TAB, Keys.SPACE)
    assert kiosk.run("return window.asked") == "folder"
    kiosk.put(SCAN, SCANS / "not-covid-saopaulo-0039.webp")
    assert focused() == "list-title"
    for _ in range(12):
        press(Keys.TAB)
        assert (
            kiosk.run("return getComputedStyle(document.activeElement.closest('label, button')).outlineStyle")
            != "none"
        )
        if focused() == "row":
            break
    press(Keys.ENTER)
    assert focused() == "detail-name"
    press(Keys.ARROW_RIGHT)
    assert kiosk.text("detail-name") == "not-covid-saopaulo-0039.webp"
    press(Keys.TAB)
    assert focused() == "zoom-in"
    press("+")
    assert kiosk.text("zoom-value").startswith("1.5")
    press("0")
    press(Keys.TAB)
    assert focused() == "opacity"
    press(Keys.ARROW_LEFT)
    assert kiosk.text("opacity-value") == "55%"
    assert kiosk.text("place") == "2 of 2"
    press(Keys.ESCAPE)
    assert focused() == "list-title"

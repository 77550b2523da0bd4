"""The page in a real browser, at 1,003 rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.edgect.report.invented import row, write

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
DRIVER, BROWSER = "/usr/bin/chromedriver", "/usr/bin/chromium"
if not (os.path.exists(DRIVER) and os.path.exists(BROWSER)):
    pytest.skip("needs Debian's chromium and chromium-driver", allow_module_level=True)
HOSTILE = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>.png"
OPTIONS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync window-size=1024,600"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in OPTIONS.split():
        options.add_argument(f"--{option}")
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    rows = [row(f"scan{number}.png", (number * 7919 % 1000) / 1000) for number in range(1000)]
    rows += [
        row(HOSTILE),
        row("r.txt", status="rejected", reason="a note"),
        row("z.png", 0.6, reason="doubtful"),
    ]
    page = write(folder / "page.html", rows)
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    try:
        driver.get(page.as_uri())
        yield driver
    finally:
        driver.quit()


@pytest.fixture(autouse=True)
def everything(browser: Any) -> None:
    browser.execute_script("document.getElementById('everything').click()")


def shown(browser: Any) -> list[str]:
    return list(
        browser.execute_script(
            "return [...document.querySelectorAll('#rows tr:not([hidden]) .file')].map(e => e.textContent)"
        )
    )


def test_nothing_runs_is_fetched_or_complains(browser: Any) -> None:
    assert len(shown(browser)) == 1003
    assert HOSTILE in shown(browser)
    assert browser.title != "ran"
    assert (
        browser.execute_script(
            "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        == 0
    )
    assert browser.get_log("browser") == []


def test_sorting_keeps_every_row_and_puts_what_has_no_answer_last(browser: Any) -> None:
    for direction in ("ascending", "descending"):
        browser.execute_script("document.querySelector('th.probability button').click()")
        head = browser.find_element("css selector", "th.probability")
        assert head.get_attribute("aria-sort") == direction
        values = browser.execute_script(
            "return [...document.querySelectorAll('#rows tr')].map(r => r.dataset.p)"
        )
        known = [float(value) for value in values if value is not None]
        assert known == sorted(known, reverse=direction == "descending")
        assert values[-2:] == [None, None]
        assert len(values) == 1003
    browser.execute_script("document.querySelector('th.number button').click()")
    assert shown(browser)[0] == "scan0.png"


def test_search_kinds_doubt_and_range(browser: Any) -> None:
    browser.find_element("id", "needle").send_keys("SCAN99")
    assert shown(browser) == ["scan99.png", *(f"scan{number}.png" for number in range(990, 1000))]
    assert "11 of 1,003 rows shown, 992 hidden" in browser.find_element("id", "shown").text
    browser.find_element("id", "everything").click()
    for kind in ("positive", "negative", "indeterminate"):
        browser.find_element("css selector", f"input[value={kind}]").click()
    assert shown(browser) == [HOSTILE, "r.txt"]
    browser.find_element("id", "everything").click()
    browser.find_element("id", "doubt").click()
    assert shown(browser) == ["z.png"]
    browser.find_element("id", "everything").click()
    browser.find_element("id", "least").send_keys("0.998")
    assert len(shown(browser)) == 2
    browser.find_element("id", "everything").click()
    browser.find_element("id", "needle").send_keys("no such row")
    assert shown(browser) == []
    assert browser.find_element("id", "nothing").is_displayed()


def test_the_larger_view_by_keyboard(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    view = browser.find_element("id", "view")
    button = browser.find_element("css selector", "#rows tr button")
    button.send_keys(Keys.ENTER)
    assert view.is_displayed()
    assert browser.find_element("id", "view-name").text == "scan0.png"
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert browser.find_element("id", "view-name").text == "scan1.png"
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert not view.is_displayed()
    assert "scan1.png" in browser.switch_to.active_element.get_attribute("aria-label")

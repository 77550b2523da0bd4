"""The kiosk page in a real browser, with `edgect serve` behind it."""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.serving import Server, serving

DRIVER, BROWSER = "/usr/bin/chromedriver", "/usr/bin/chromium"
OPTIONS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync lang=en-US"
)
SMALL, LARGE = (1024, 600), (1920, 1080)
ZOOMED = (512, 300)  # the small one at 200 %


class Kiosk:
    """What somebody at the kiosk does and sees. browser: of Selenium. downloads: where it saves."""

    def __init__(self, browser: Any, server: Server, downloads: Path) -> None:
        self.browser, self.server, self.downloads = browser, server, downloads
        folder = {"behavior": "allow", "downloadPath": str(downloads)}
        browser.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
        self.size(*SMALL)

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, query: str = "") -> None:
        self.browser.get(self.server.url + query)
        self.until("!document.getElementById('start').hidden")

    def put(self, *paths: Path) -> None:
        """Choose files, and wait for the results."""
        self.choose(*paths)
        self.finished()

    def choose(self, *paths: Path, into: str = "files") -> None:
        self.at(into).send_keys("\n".join(map(str, paths)))

    def finished(self) -> None:
        self.until("/^(Done|Fertig)/.test(document.getElementById('live').textContent)")

    def until(self, condition: str, seconds: float = 240) -> Any:
        result = self.within(seconds, condition)
        assert result, (condition, self.state(), self.browser.get_log("browser"))
        return result

    def within(self, seconds: float, condition: str) -> Any:
        """What a condition has become, where it has become anything in time."""
        end = time.monotonic() + seconds
        while not (result := self.run(f"return {condition}")) and time.monotonic() < end:
            time.sleep(0.05)
        return result

    def state(self) -> dict[str, Any]:
        """What is to be seen, in short: where a test waits in vain, why."""
        return {
            "view": self.run("return document.body && document.body.dataset.view"),
            "dialogs": self.run("return [...document.querySelectorAll('dialog[open]')].map(d => d.id)"),
            "texts": self.texts("#live, #count, #busy, #trouble-text"),
            "log": self.server.log_text[-1500:],
        }

    def run(self, script: str, *arguments: object) -> Any:
        return self.browser.execute_script(script, *arguments)

    def at(self, identity: str) -> Any:
        return self.browser.find_element("id", identity)

    def text(self, identity: str) -> str:
        return str(self.run("return document.getElementById(arguments[0]).textContent", identity))

    def texts(self, selector: str) -> list[str]:
        return list(
            self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)
        )

    def picture(self, identity: str) -> bytes:
        """The PNG of an <img>, in its own size."""
        data = self.run(
            """const image = document.getElementById(arguments[0]), canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext('2d').drawImage(image, 0, 0);
            return canvas.toDataURL('image/png')""",
            identity,
        )
        return base64.b64decode(str(data).partition(",")[2])

    def pdf(self) -> bytes:
        """What the button "Print" would print."""
        self.run("window.print = () => {}; document.getElementById('print').click()")
        self.until("document.getElementById('paper').textContent")
        printed = self.browser.execute_cdp_cmd(
            "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
        )
        self.run("dispatchEvent(new Event('afterprint'))")
        return base64.b64decode(printed["data"])

    def saved(self) -> Path:
        """The file that the button "Save report" saves."""
        before = set(self.downloads.glob("*.html"))
        self.at("save").click()
        end = time.monotonic() + 240
        while not (new := set(self.downloads.glob("*.html")) - before):
            assert time.monotonic() < end
            time.sleep(0.05)
        return new.pop()


@contextmanager
def browsing(folder: Path) -> Iterator[Any]:
    """A browser with a profile of its own, that complains into `get_log("browser")`."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    if not (os.path.exists(DRIVER) and os.path.exists(BROWSER)):
        pytest.skip("needs Debian's chromium and chromium-driver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in [*OPTIONS.split(), f"user-data-dir={folder / 'profile'}"]:
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def kiosk_of(browser: Any, folder: Path, *arguments: object, **variables: str) -> Iterator[Kiosk]:
    """A kiosk with a server of its own. arguments, variables: of `edgect serve`."""
    with serving("--threads", "1", *arguments, **variables) as server:
        yield Kiosk(browser, server, folder)
        browser.get("about:blank")  # what it complains of comes before the next kiosk
        browser.get_log("browser")


def photograph(scan: Path, picture: Path) -> None:
    """The page with the answer on a scan, at the size of a small kiosk, as a PNG."""
    with (
        TemporaryDirectory() as folder,
        browsing(Path(folder)) as browser,
        kiosk_of(browser, Path(folder)) as kiosk,
    ):
        kiosk.open()
        kiosk.put(scan)
        kiosk.until("[...document.querySelectorAll('#detail img')].every(image => image.complete)")
        picture.write_bytes(kiosk.browser.get_screenshot_as_png())


if __name__ == "__main__":
    photograph(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))

"""Pages of another site that lead to the kiosk page, in a real browser: a link does, nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.kiosk import Kiosk, kiosk_of

PAGE = """<!doctype html><title>Intranet</title><link rel=icon href=data:,>
<a id=link href="{0}">kiosk</a> <a id=model href="{0}v1/model">model</a>
<form id=form method=post action="{0}"></form> <iframe id=frame src="{0}"></iframe>"""


@pytest.fixture(scope="module")
def kiosk(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk")) as kiosk:
        yield kiosk


@contextmanager
def site(host: str, kiosk: Kiosk) -> Iterator[str]:
    """A site of one page, which leads to the kiosk; gives its URL."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.format(kiosk.server.url).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://{host}:{server.server_port}/"
        finally:
            server.shutdown()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])  # another site, and another port of the same
def test_a_link_from_another_site_opens_the_page(kiosk: Kiosk, host: str) -> None:
    with site(host, kiosk) as url:
        kiosk.browser.get(url)
        kiosk.at("link").click()
        kiosk.until("document.getElementById('start') && !document.getElementById('start').hidden")
        kiosk.browser.refresh()  # which the browser still counts as from there
        kiosk.until("document.getElementById('start') && !document.getElementById('start').hidden")
    refused = [line for line in kiosk.browser.get_log("browser") if kiosk.server.url in line["message"]]
    assert all("frame" in line["message"].lower() for line in refused)  # the other site's, which stays empty


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_nothing_else_from_another_site_is_answered(kiosk: Kiosk, host: str) -> None:
    with site(host, kiosk) as url:
        for identity in ("form", "model"):
            kiosk.browser.get(url)
            kiosk.run(
                "const e = document.getElementById(arguments[0]); e.submit ? e.submit() : e.click()", identity
            )
            kiosk.until("document.body && document.body.textContent.includes('pages of other sites')")
        kiosk.browser.get(url)
        kiosk.browser.switch_to.frame("frame")
        assert kiosk.browser.find_elements("id", "start") == []
        kiosk.browser.switch_to.default_content()
        fetched = """const done = arguments[arguments.length - 1];
            fetch(arguments[0], {mode: arguments[1]}).then(a => done(a.type), e => done(e.name))"""
        errors = [
            kiosk.browser.execute_async_script(fetched, kiosk.server.url, mode)
            for mode in ("cors", "no-cors")
        ]
        assert errors == ["TypeError", "TypeError"]

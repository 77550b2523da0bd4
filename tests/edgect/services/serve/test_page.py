"""What the kiosk page shows of scans, in a real browser."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgect import Classifier, Prediction
from edgect.report.heat_map import overlay
from tests.edgect.synthetic import SCANS
from tests.kiosk import LARGE, SMALL, ZOOMED, Kiosk, kiosk_of

NAMES = ("covid-saopaulo-0001.webp", "not-covid-luna-15056_112.webp", "not-covid-saopaulo-0039.webp")
FILES = [SCANS / name for name in NAMES]


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk")) as kiosk:
        yield kiosk


@pytest.fixture
def kiosk(page: Kiosk) -> Iterator[Kiosk]:
    page.size(*SMALL)
    page.open()
    yield page
    assert page.browser.get_log("browser") == []


@pytest.fixture(scope="module")
def predictions() -> dict[str, Prediction]:
    classifier = Classifier(threads=1)
    return {name: classifier.predict(SCANS / name, evidence=True) for name in NAMES}


@pytest.fixture
def rubbish(tmp_path: Path) -> Path:
    path = tmp_path / "shopping list.png"
    path.write_bytes(b"milk, eggs, and no picture at all\n")
    return path


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_three_slices_and_rubbish_each_have_their_row(
    kiosk: Kiosk, predictions: dict[str, Prediction], rubbish: Path
) -> None:
    kiosk.put(*FILES, rubbish)
    assert kiosk.text("list-title") == "4 rows from 4 files"
    assert kiosk.texts("#rows .name") == [*sorted(NAMES), rubbish.name]
    for name, button in zip(NAMES, kiosk.browser.find_elements("css selector", ".row"), strict=False):
        prediction = predictions[name]
        assert f"{prediction.probability:.4f}" in button.text
        assert prediction.label in button.text.splitlines()
        assert len(button.find_elements("tag name", "img")) == 2
    last = kiosk.texts(".row")[-1]
    assert "Error" in last or "No answer" in last
    assert "COVID" not in last
    assert kiosk.texts(".row .probability b") == [f"{predictions[name].probability:.4f}" for name in NAMES]


def test_the_large_view_says_what_the_classifier_says(
    kiosk: Kiosk, predictions: dict[str, Prediction]
) -> None:
    for name, prediction in predictions.items():
        kiosk.put(SCANS / name)
        assert kiosk.text("detail-name") == name
        assert kiosk.text("detail-answer") == prediction.label
        assert f"Number in full{prediction.probability:.8f}" in kiosk.text("facts")
        assert prediction.bundle in kiosk.text("facts")
        value, threshold = (
            kiosk.run(
                f"return parseFloat(document.querySelector('#detail-number .{part}').getAttribute('{at}'))"
            )
            for part, at in (("value", "width"), ("threshold", "x"))
        )
        assert value == pytest.approx(100 * prediction.probability, abs=1e-4)
        assert threshold == pytest.approx(100 * prediction.threshold)
        kiosk.at("clear").click()


def test_the_heat_map_is_that_of_the_command_line_and_its_slider_works(
    kiosk: Kiosk, predictions: dict[str, Prediction]
) -> None:
    from selenium.webdriver.common.keys import Keys

    kiosk.put(FILES[0])
    prediction = predictions[NAMES[0]]
    assert prediction.pixels is not None
    assert prediction.evidence is not None
    grey, colour = pixels(kiosk.picture("detail-under")), pixels(kiosk.picture("detail-map")).astype(float)
    np.testing.assert_array_equal(grey[..., 0], prediction.pixels)
    opacity = float(kiosk.run("return getComputedStyle(document.getElementById('detail-map')).opacity"))
    alpha = colour[..., 3:] / 255 * opacity
    scale = Classifier(threads=1).bundle.manifest.heat_map_scale
    expected = overlay(prediction.pixels, prediction.evidence, scale)[..., ::-1]
    # 3: a canvas keeps colours multiplied by their alpha, of eight bits
    assert np.abs(grey[..., :3] * (1 - alpha) + colour[..., :3] * alpha - expected).max() <= 3

    def coloured() -> float:
        shot = pixels(kiosk.at("detail-map").screenshot_as_png)[..., :3].astype(int)
        return float((np.ptp(shot, axis=2) > 40).mean())

    before = coloured()
    kiosk.at("opacity").send_keys(Keys.END)
    assert coloured() > before > 0.05
    kiosk.at("opacity").send_keys(Keys.HOME)
    assert kiosk.text("opacity-value") == "0%"
    assert coloured() == 0


def test_what_is_no_answer_never_looks_like_one(kiosk: Kiosk, rubbish: Path) -> None:
    kiosk.put(rubbish)
    assert kiosk.text("detail-answer") in ("No answer", "Error")
    assert "no all-clear" in kiosk.text("detail-says")
    assert kiosk.text("detail-why").startswith("Why: ")
    assert kiosk.text("detail-number") == ""
    assert not kiosk.at("pictures").is_displayed()
    assert "negative" not in kiosk.at("detail").get_attribute("innerHTML")


def test_doubt_is_shown_and_so_is_what_a_row_was_answered_by(kiosk: Kiosk) -> None:
    """The program's rows on the way changed: to a doubt, and by another threshold than the page's."""
    kiosk.run(
        """const ask = window.fetch;
        window.fetch = async (path, ...rest) => {
            const response = await ask(path, ...rest);
            if (!String(path).startsWith('/v1/classify')) return response;
            const row = JSON.parse(await response.text());
            return new Response(JSON.stringify({...row, reason: 'made <b>up</b>', threshold: 0.25}) + '\\n');
        }"""
    )
    kiosk.put(FILES[1])
    assert kiosk.at("detail-doubt").is_displayed()
    assert kiosk.text("detail-doubt") == "Doubt this answer: made <b>up</b>"
    assert "threshold of 0.250" in kiosk.text("detail-says")
    assert "threshold 0.250" in kiosk.text("detail-number")
    assert "Threshold0.250000" in kiosk.text("facts")


def test_rows_are_filtered_and_sorted_and_none_is_lost(kiosk: Kiosk, rubbish: Path) -> None:
    rubbish = rubbish.rename(rubbish.with_name("a.png"))  # which is given first, and sorted last
    kiosk.put(*FILES, rubbish)
    values = [float(value) for value in kiosk.texts(".row .probability b")]
    for order in ("lowest", "highest"):
        kiosk.browser.find_element("css selector", f"input[value={order}]").click()
        shown = [float(value) for value in kiosk.texts(".row .probability b")]
        assert shown == sorted(values, reverse=order == "highest")
        assert kiosk.texts("#rows .name")[-1] == rubbish.name
    kiosk.browser.find_element("css selector", "input[value=negative]").click()
    assert kiosk.texts("#rows .name") == [NAMES[0], rubbish.name]
    assert sum(int(count) for count in kiosk.texts("#kinds b")) == 4
    kiosk.browser.find_elements("css selector", ".row")[0].click()
    assert kiosk.text("place") == "1 of 2"
    kiosk.at("next").click()
    assert kiosk.text("detail-name") == rubbish.name
    assert not kiosk.at("next").is_enabled()


def test_a_swipe_turns_to_the_next_slice(kiosk: Kiosk) -> None:
    kiosk.put(*FILES)
    kiosk.browser.find_elements("css selector", ".row")[0].click()
    for start, end, expected in ((400, 200, NAMES[1]), (200, 400, NAMES[0]), (200, 400, NAMES[0])):
        for kind, x in (("touchStart", start), ("touchMove", (start + end) / 2), ("touchMove", end)):
            point = {"type": kind, "touchPoints": [{"x": x, "y": 300}]}
            kiosk.browser.execute_cdp_cmd("Input.dispatchTouchEvent", point)
        kiosk.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert kiosk.text("detail-name") == expected


@pytest.mark.parametrize("size", [SMALL, LARGE, ZOOMED])
def test_it_fits_and_can_be_touched(kiosk: Kiosk, rubbish: Path, size: tuple[int, int]) -> None:
    kiosk.size(*size)
    for files in ([], FILES[:1], [*FILES, rubbish]):
        if files:
            kiosk.put(*files)
        assert kiosk.run("return document.documentElement.scrollWidth <= innerWidth")
        if len(files) < 2 and size != ZOOMED:
            assert kiosk.run("return document.documentElement.scrollHeight <= innerHeight")
        kiosk.run("scrollTo(0, 1e6)")
        top, bottom = kiosk.run(
            "const b = arguments[0].getBoundingClientRect(); return [b.top, b.bottom]", kiosk.at("notice")
        )
        assert 0 <= top < bottom <= size[1]
        small = kiosk.run(
            """return [...document.querySelectorAll('button, label.choice, input[type=range]')]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height)
            .filter(e => { const b = e.getBoundingClientRect(); return b.height < 48 || b.width < 48; })
            .map(e => e.outerHTML)"""
        )
        assert small == []
        kiosk.run("scrollTo(0, 0)")
        if files:
            kiosk.at("clear").click()


def test_nothing_is_asked_of_anybody_else(kiosk: Kiosk) -> None:
    kiosk.put(*FILES)
    requested = kiosk.run("return performance.getEntriesByType('resource').map(e => e.name)")
    ours = (kiosk.server.url, f"blob:{kiosk.server.url}", "data:")
    assert requested
    assert [name for name in requested if not name.startswith(ours)] == []

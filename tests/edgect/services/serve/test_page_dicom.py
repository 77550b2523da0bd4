"""What DICOM files bring to the kiosk page: sides, windows, series and patients by name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgect.scans import Window
from tests.edgect.audit.trails import check, files
from tests.edgect.scans.dicom_files import ct, write
from tests.edgect.synthetic import SCANS
from tests.kiosk import LARGE, SMALL, Kiosk, kiosk_of
from tests.volume_inputs import hounsfield

SCAN = SCANS / "not-covid-saopaulo-0039.webp"
TOGGLED = "return document.getElementById('window-soft_tissue').getAttribute('aria-pressed')"
LANGUAGES = ["en", "de"]


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "trail"


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory, trail: Path) -> Iterator[Kiosk]:
    options = ("--show-patient", "--audit", trail, "--idle-minutes", 0)
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk"), *options) as kiosk:
        yield kiosk


@pytest.fixture
def kiosk(page: Kiosk) -> Iterator[Kiosk]:
    page.size(*SMALL)
    page.open()
    yield page
    assert page.browser.get_log("browser") == []


def save(path: Path, number: int = 0, values: NDArray[np.int16] | None = None, **changes: Any) -> Path:
    """A slice that gets an answer, at 5 mm times its number, of Erika Muster."""
    known = {
        "ImagePositionPatient": [0, 0, 5 * number],
        "PatientName": "Muster^Erika",
        "PatientBirthDate": "19480312",
        "SeriesNumber": 4,
        "SeriesDescription": "Thorax 1.0",
        "ConvolutionKernel": "B60f",
    }
    dataset = ct(hounsfield(number) if values is None else values, **{**known, **changes})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write(dataset))
    return path


def series(folder: Path, count: int = 2, **changes: Any) -> list[Path]:
    return [save(folder / f"{number}.dcm", number, **changes) for number in range(count)]


def shown(kiosk: Kiosk, *paths: Path, language: str = "en") -> None:
    """Open the page in a language, put files in, and wait for the results."""
    kiosk.open(f"?lang={language}")
    kiosk.put(*paths)


def grey(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def places(kiosk: Kiosk, selector: str) -> list[float]:
    """Where elements that are to be seen begin, in pixels from the left."""
    elements = kiosk.browser.find_elements("css selector", selector)
    return [element.rect["x"] for element in elements if element.is_displayed()]


def test_right_and_left_are_those_of_the_patient_however_a_slice_is_stored(
    kiosk: Kiosk, tmp_path: Path
) -> None:
    values = hounsfield(0)
    mirrored = [-1, 0, 0, 0, 1, 0]
    pictures = []
    for name, stored, orientation in (
        ("plain.dcm", values, [1, 0, 0, 0, 1, 0]),
        ("mirrored.dcm", np.ascontiguousarray(values[:, ::-1]), mirrored),
    ):
        shown(kiosk, save(tmp_path / name, values=stored, ImageOrientationPatient=orientation))
        pictures.append(grey(kiosk.picture("detail-slice")))
        right, left = places(kiosk, ".side.right"), places(kiosk, ".side.left")
        assert len(right) == len(left) == 2
        assert right[0] < left[0] < right[1] < left[1]
        assert places(kiosk, ".side.unknown") == []
    np.testing.assert_array_equal(*pictures)


@pytest.mark.parametrize(("language", "words"), [("en", "Sides unknown"), ("de", "Seiten unbekannt")])
def test_of_a_plain_image_sides_are_said_to_be_unknown(kiosk: Kiosk, language: str, words: str) -> None:
    shown(kiosk, SCAN, language=language)
    assert places(kiosk, "b.side") == []
    assert len(places(kiosk, ".side.unknown")) == 2
    assert kiosk.texts(".side.unknown")[0].startswith(words)
    report = kiosk.saved()
    assert report.read_text(encoding="utf-8").count(words) == 2
    report.unlink()


def test_a_slice_is_looked_at_through_the_window_that_is_chosen(kiosk: Kiosk, tmp_path: Path) -> None:
    values = hounsfield(0)
    shown(kiosk, save(tmp_path / "a.dcm", values=values))
    assert kiosk.text("slice-caption") == "Slice, lung window"
    np.testing.assert_array_equal(grey(kiosk.picture("detail-slice")), Window().grey(values))
    kiosk.at("window-soft_tissue").click()
    assert kiosk.run(TOGGLED) == "true"
    kiosk.until("document.getElementById('detail-slice').complete")
    for picture in ("detail-slice", "detail-under"):
        np.testing.assert_array_equal(grey(kiosk.picture(picture)), Window(40, 400).grey(values))
    report = kiosk.saved()
    assert "Slice, soft-tissue window" in report.read_text(encoding="utf-8")
    report.unlink()
    kiosk.at("clear").click()
    kiosk.put(SCAN)  # which has one window only
    assert kiosk.run(TOGGLED) == "false"
    assert not kiosk.at("windows").is_displayed()


def test_both_pictures_are_enlarged_and_moved_together(kiosk: Kiosk, tmp_path: Path) -> None:
    def transforms() -> set[str]:
        return set(kiosk.run("return [...document.querySelectorAll('.pane')].map(p => p.style.transform)"))

    shown(kiosk, save(tmp_path / "a.dcm"))
    kiosk.at("zoom-in").click()
    kiosk.at("zoom-in").click()
    (enlarged,) = transforms()
    assert "scale(2.25)" in enlarged
    assert kiosk.text("zoom-value").startswith("2.3")
    place = kiosk.at("detail-slice").find_element("xpath", "../..").rect
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    for kind, dx in (("mousePressed", 0), ("mouseMoved", 25), ("mouseReleased", 25)):
        event = {"type": kind, "x": x + dx, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        kiosk.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    (moved,) = transforms()
    assert moved != enlarged
    wheel = {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -300}
    kiosk.browser.execute_cdp_cmd("Input.dispatchMouseEvent", wheel)
    kiosk.until(f"document.querySelector('.pane').style.transform !== {json.dumps(moved)}")
    kiosk.at("zoom-fit").click()
    assert transforms() == {""}
    assert not kiosk.at("zoom-out").is_enabled()


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_reconstructions_of_one_acquisition_are_told_apart(
    kiosk: Kiosk, tmp_path: Path, language: str
) -> None:
    sharp = series(tmp_path / "a", SeriesInstanceUID="1.2.3.1", ConvolutionKernel=["I70f", "3"])
    soft = series(tmp_path / "b", SeriesInstanceUID="1.2.3.2", ConvolutionKernel="B30f", SeriesNumber=5)
    same = series(tmp_path / "c", SeriesInstanceUID="1.2.3.3", ConvolutionKernel="B30f", SeriesNumber=5)
    shown(kiosk, *sharp, *soft, *same, language=language)
    word, kernel = {"en": ("Series", "kernel"), "de": ("Serie", "Kernel")}[language]
    assert kiosk.texts("#series-links bdi") == [
        f"{word} 4 · Thorax 1.0 · {kernel} I70f/3",
        f"{word} 5 · Thorax 1.0 · {kernel} B30f (1)",
        f"{word} 5 · Thorax 1.0 · {kernel} B30f (2)",
    ]
    kiosk.browser.find_elements("css selector", ".series-link")[1].click()
    assert kiosk.text("series-title") == f"{word} 5 · Thorax 1.0 · {kernel} B30f (1)"
    assert f"{word} 5" in kiosk.text("detail-series")


def test_a_report_names_the_file_of_every_picture_and_verdict(kiosk: Kiosk, tmp_path: Path) -> None:
    first = series(tmp_path / "a", SeriesInstanceUID="1.2.3.1")
    second = [
        save(tmp_path / f"other{number}.dcm", number, SeriesInstanceUID="1.2.3.2", SeriesNumber=7)
        for number in range(2)
    ]
    shown(kiosk, *first, SCAN, *second)
    rows = kiosk.browser.find_elements("css selector", ".row")
    rows[kiosk.texts("#rows .name").index(SCAN.name)].click()
    report = kiosk.saved()
    kiosk.browser.get(report.as_uri())
    titles, captions = (
        kiosk.run(
            """return [...document.querySelectorAll('#paper section:not(.listing)')].map(section =>
                [...section.querySelectorAll(arguments[0])].map(e => e.textContent).join(' | '))""",
            selector,
        )
        for selector in ("h2", "figcaption")
    )
    assert titles[0] == f"Slice: {SCAN.name} "
    assert captions[0].count(SCAN.name) == 2
    assert [title.split(" · ")[0] for title in titles[1:]] == [
        "Whole series: Series 4",
        "Whole series: Series 7",
    ]
    for caption, names in zip(captions[1:], (first, second), strict=True):
        parts = caption.split(" | ")
        assert len(parts) == 2
        assert all(any(path.name in part for path in names) for part in parts)
    whole = kiosk.browser.find_element("id", "paper").text
    assert "2 files, from 0.dcm to 1.dcm" in whole
    assert "2 files, from other0.dcm to other1.dcm" in whole
    report.unlink()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_patient_is_on_page_and_report_and_nowhere_else(
    kiosk: Kiosk, trail: Path, tmp_path: Path, language: str
) -> None:
    shown(kiosk, *series(tmp_path, 3), language=language)
    born = {"en": "Muster, Erika, born Mar 12, 1948", "de": "Muster, Erika, geboren 12. März 1948"}[language]
    assert kiosk.text("detail-patient") == born
    assert not kiosk.at("mixed").is_displayed()
    report = kiosk.saved()
    markup = report.read_text(encoding="utf-8")
    assert f'<p class="patient"><bdi>{born}</bdi></p>' in markup
    assert f"· {born}</th>" in markup  # which is printed again on every page of the list
    assert "______" not in markup
    report.unlink()
    _, metrics = kiosk.server.request("/metrics")
    told = kiosk.server.log_text + metrics.decode() + "".join(path.read_text() for path in files(trail))
    assert check(trail).good
    for secret in ("Muster", "Erika", "1948-03-12", "19480312"):
        assert secret not in told
    kiosk.at("clear").click()
    assert "Muster" not in kiosk.run("return document.documentElement.outerHTML")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "These files name more than one patient"), ("de", "Diese Dateien nennen mehr als eine Person")],
)
def test_scans_of_two_patients_are_warned_of(kiosk: Kiosk, tmp_path: Path, language: str, words: str) -> None:
    other = save(tmp_path / "other.dcm", PatientName="Beispiel^Max", SeriesInstanceUID="1.2.3.9")
    shown(kiosk, *series(tmp_path, 2), other, language=language)
    for size in (SMALL, LARGE):
        kiosk.size(*size)
        assert kiosk.at("mixed").is_displayed()
    assert kiosk.text("mixed").startswith(words)
    assert "Beispiel, Max" in kiosk.text("mixed")
    named = [row.count("Muster, Erika") + row.count("Beispiel, Max") for row in kiosk.texts(".row")]
    assert named == [1, 1, 1]
    report = kiosk.saved()
    assert words in report.read_text(encoding="utf-8")
    report.unlink()


@pytest.mark.parametrize(
    ("language", "why", "says"),
    [
        ("en", "Why: lungs do not look as on upright axial chest slices", "is no all-clear"),
        (
            "de",
            "Warum: die Lunge sieht nicht aus wie auf aufrechten axialen Schichten",
            "keine Entwarnung",
        ),
    ],
)
def test_a_rejected_slice_shows_its_picture_and_why(
    kiosk: Kiosk, tmp_path: Path, language: str, why: str, says: str
) -> None:
    values = hounsfield(0)[::-1].copy()  # upside down
    values[:60] = -1000
    shown(kiosk, save(tmp_path / "a.dcm", values=values), language=language)
    assert kiosk.at("detail").get_attribute("data-kind") == "rejected"
    assert says in kiosk.text("detail-says")
    assert kiosk.text("detail-why").startswith(why)
    np.testing.assert_array_equal(grey(kiosk.picture("detail-slice")), Window().grey(values))
    assert not kiosk.at("map-figure").is_displayed()
    assert not kiosk.at("colours").is_displayed()
    assert kiosk.text("detail-number") == ""
    report = kiosk.saved()
    assert report.read_text(encoding="utf-8").count("<img") == 1
    report.unlink()


@pytest.mark.parametrize(
    ("language", "verdict", "means"),
    [
        ("en", "The rule says: indeterminate", "no all-clear"),
        ("de", "Die Regel sagt: unbestimmt", "keine Entwarnung"),
    ],
)
def test_an_indeterminate_series_is_explained_in_words(
    kiosk: Kiosk, tmp_path: Path, language: str, verdict: str, means: str
) -> None:
    """Two slices without COVID-19 are too few for the rule to say anything."""
    values = np.rint((grey(SCAN.read_bytes()) / 255 - 0.5) * 1500 - 600).clip(-1024).astype(np.int16)
    shown(kiosk, *series(tmp_path, 2, values=values), language=language)
    assert kiosk.texts("#series .verdict .chip") == [verdict]
    assert means in kiosk.texts("#series .verdict")[0]
    (rule,) = kiosk.texts("#series .rule")
    assert ("a rule, not a validated diagnosis" in rule) == (language == "en")
    assert ("keine geprüfte Diagnose" in rule) == (language == "de")

"""Why there is no answer, in the language of the kiosk page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from edgect.model.decision.series_rule import SeriesRule
from edgect.scans.dicom.accept import REJECTED_TYPES
from tests.kiosk import Kiosk, kiosk_of

ROOT = Path(__file__).parents[4]
SOURCES = [
    *sorted((ROOT / "edgect/scans").rglob("*.py")),
    *sorted((ROOT / "edgect/model/decision").glob("*.py")),
    *sorted((ROOT / "edgect/services/serve").rglob("*.py")),
    ROOT / "edgect/pipeline.py",
]
DOUBTS = ROOT / "edgect/model/decision/series.py"
ANYTHING = "7"  # for what varies in a reason


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    with kiosk_of(browser, tmp_path_factory.mktemp("kiosk")) as kiosk:
        yield kiosk


def texts(node: ast.AST, known: dict[str, list[ast.expr]]) -> list[str]:
    """What an expression may be; known: what names are, of which others stand for anything."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(map("".join, each)) for each in product(*(texts(part, known) for part in parts))]
        case ast.FormattedValue(value=ast.Name() as name):
            return texts(name, known)
        case ast.IfExp(body=body, orelse=other):
            return texts(body, known) + texts(other, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return ["".join(pair) for pair in product(texts(left, known), texts(right, known))]
        case ast.Name(id=name) if name in known:
            return [text for value in known[name] for text in texts(value, {})]
    return [ANYTHING]


def written_reasons() -> set[str]:
    """Of every ScanError, and of every doubt about a series' order, as far as the code writes them out."""
    found = {SeriesRule().text}
    found |= {reason.format(word=ANYTHING, type=ANYTHING) for reason in REJECTED_TYPES}
    for file in SOURCES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        known: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Constant() | ast.JoinedStr() | ast.IfExp()
                ):
                    known.setdefault(name, []).append(node.value)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("ScanError", "_rejected") or (name == "append" and file == DOUBTS):
                found |= set(texts(node.args[0], known))
    return {reason for reason in found if re.search("[a-z]{3}", reason)}


def met_reasons() -> set[str]:
    """Of every kind of input, as they came."""
    rows = re.findall(
        r"^\| .* \| (?:rejected|error) \| (.+) \|$", (ROOT / "tests/INPUTS.md").read_text(), re.M
    )
    return {row.replace("\\|", "|") for row in rows}


def in_page(kiosk: Kiosk, reasons: set[str]) -> dict[str, tuple[str, str]]:
    """The words and the language, empty for the page's, that the page gives each reason."""
    given = kiosk.browser.execute_async_script(
        """const [reasons, done] = arguments;
        import("/page/reasons.js").then(({ reasonElement }) =>
            done(reasons.map(reasonElement).map(span => [span.textContent, span.lang])))""",
        sorted(reasons),
    )
    return {reason: tuple(pair) for reason, pair in zip(sorted(reasons), given, strict=True)}


def test_every_reason_has_german_words(page: Kiosk) -> None:
    reasons = written_reasons() | met_reasons()
    assert len(reasons) > 120
    page.open("?lang=de")
    shown = in_page(page, reasons)
    assert {reason for reason, (_, language) in shown.items() if language} == set()
    untouched = {reason for reason, (words, _) in shown.items() if words == reason}
    assert untouched == set()


def test_what_varies_in_a_reason_is_kept_and_written_as_germans_do(page: Kiosk) -> None:
    page.open("?lang=de")
    reasons = {
        "image of 9,000x8,000 is over the limit of 67,108,864 pixels (--max-pixels)": (
            "das Bild von 9,000x8,000 überschreitet die Grenze von 67.108.864 Pixeln (--max-pixels)"
        ),
        "not like the slices the network learned from: distance 30.7, over the limit of 20.7": (
            "sieht anders aus als die Schichten, aus denen das Netz gelernt hat: Abstand 30,7, über der "
            "Grenze von 20,7"
        ),
        "not axial: its plane is more than 30 degrees off (coronal)": (
            "nicht axial: Die Ebene weicht um mehr als 30 Grad ab (koronar)"
        ),
        "2 orientations: each is a stack of its own; 3 slices where another lies already": (
            "2 Lagen: Jede ist ein Stapel für sich; 3 Schichten, wo schon eine andere liegt"
        ),
    }
    shown = in_page(page, set(reasons))
    assert {reason: words for reason, (words, _) in shown.items()} == reasons


def test_what_has_no_translation_is_marked_as_english(page: Kiosk) -> None:
    page.open("?lang=de")
    assert in_page(page, {"something new <b>"}) == {"something new <b>": ("something new <b>", "en")}
    page.open("?lang=en")
    assert in_page(page, {"something new"}) == {"something new": ("something new", "")}

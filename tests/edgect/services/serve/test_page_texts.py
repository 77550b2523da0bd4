"""The texts and colours of the kiosk page, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from edgect.report import SHARED_STYLE
from edgect.rows.columns import PROVENANCE_COLUMNS
from edgect.services.serve.app import PAGE
from edgect.services.serve.endpoints import NOTICE

LANGUAGES = sorted((PAGE / "texts").glob("*.json"))
ENGLISH = json.loads((PAGE / "texts/en.json").read_text(encoding="utf-8"))
CODE = "\n".join(file.read_text(encoding="utf-8") for file in sorted(PAGE.glob("*.[jh]*")))
STYLES = SHARED_STYLE.read_text(encoding="utf-8") + "".join(
    file.read_text(encoding="utf-8") for file in sorted(PAGE.glob("*.css"))
)
PLURALS = ("one", "two", "few", "many", "other", "zero")


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)
def test_every_language_has_the_texts_of_the_english_one(file: Path) -> None:
    texts = json.loads(file.read_text(encoding="utf-8"))
    missing = ENGLISH.keys() - texts.keys()
    surplus = {key for key in texts.keys() - ENGLISH.keys() if not key.endswith(PLURALS)}
    assert (missing, surplus) == (set(), set())
    for key, english in ENGLISH.items():
        assert texts[key].strip(), key
        if "COVID" not in key:
            assert placeholders(texts[key]) == placeholders(english), key


@pytest.mark.parametrize(
    ("language", "word", "of_what"),
    [
        ("en", "probab", "like those it learned from"),
        ("de", "wahrscheinlich", "wie denen, aus denen es gelernt hat"),
    ],
)
def test_a_probability_is_never_without_what_it_is_of(language: str, word: str, of_what: str) -> None:
    texts = json.loads((PAGE / f"texts/{language}.json").read_text(encoding="utf-8"))
    naming = {key: text for key, text in texts.items() if word in text.lower() and key != "number_means"}
    assert {"number_of", "list_number", "bar", "series_graph"} <= naming.keys()
    assert {key for key, text in naming.items() if of_what not in text} == set()
    assert not [text for text in texts.values() if "log-odds" in text.lower()]


@pytest.mark.parametrize(("language", "not_out"), [("en", "not rule"), ("de", "schließt")])
def test_not_covid_19_is_never_an_all_clear(language: str, not_out: str) -> None:
    texts = json.loads((PAGE / f"texts/{language}.json").read_text(encoding="utf-8"))
    for key in ("says_negative", "series_means_negative", "not_ruled_out"):
        assert not_out in texts[key]
    assert "✓" not in CODE + STYLES + "".join(texts.values())
    (colour,) = re.findall(
        r"--negative: #(\w{6});", SHARED_STYLE.read_text(encoding="utf-8").split("@media")[0]
    )
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    assert green < max(red, blue)


def test_every_text_is_used_and_there_is_every_one_that_is_used() -> None:
    used = set(re.findall(r'"(\w+)"', CODE))
    prefixes = tuple(re.findall(r"text\(`(\w+)\$\{", CODE)) + tuple(
        f"{key}_" for key in re.findall(r'plural\("(\w+)"', CODE)
    )
    unused = {
        key for key in ENGLISH if key not in used and not key.startswith((*prefixes, "label ", "bundle "))
    }
    assert unused == set()
    used_keys = set(re.findall(r'(?:\btext\(|data-(?:text|label)=)"(\w+)"', CODE))
    assert used_keys
    assert used_keys - ENGLISH.keys() == set()


def test_the_notice_is_that_of_the_program() -> None:
    assert ENGLISH["notice"] == NOTICE
    assert f">{NOTICE}<" in (PAGE / "index.html").read_text(encoding="utf-8")  # before any script has run


def test_the_page_knows_which_columns_say_how_an_answer_came_about() -> None:
    (names,) = re.findall(r"const PROVENANCE = (\[.*?\]);", CODE)
    assert sorted(json.loads(names)) == sorted(("model", *PROVENANCE_COLUMNS))


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_bars_stand_out(theme: int) -> None:
    css = SHARED_STYLE.read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", blocks[0]))
    if theme:
        colours |= dict(re.findall(r"--([\w-]+): (#\w+);", blocks[1]))

    def contrast(first: str, second: str) -> float:
        low, high = sorted((luminance(colours[first]), luminance(colours[second])))
        return (high + 0.05) / (low + 0.05)

    kinds = ("positive", "negative", "indeterminate", "rejected", "error", "doubt", "notice")
    texts = [(kind, f"{kind}-ground") for kind in kinds]
    texts += [(ink, ground) for ink in ("text", "quiet") for ground in ("ground", "paper")]
    texts += [("accent", "paper"), ("on-accent", "accent"), ("ground", "text")]
    graphics = [("value", "track"), ("threshold", "track"), ("edge", "paper"), ("edge", "ground")]
    assert {pair: contrast(*pair) for pair in texts if contrast(*pair) < 4.5} == {}
    assert {pair: contrast(*pair) for pair in graphics if contrast(*pair) < 3} == {}

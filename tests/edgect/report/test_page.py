from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from edgect.report import SHARED_STYLE
from edgect.report.page import Tally, page_end, page_start
from edgect.report.row import markup, rounded
from tests.edgect.report.invented import RUN, row, write

HOSTILE = "<script>alert(1)</script>\"'&\n\udcff\u202e.png"


def test_the_summary_can_be_written_over_whatever_it_counts() -> None:
    tally = Tally()
    for number in range(1234):
        tally.add(row("a", number % 100 / 100), RUN)
    counted = page_start(RUN, tally)
    assert len(counted) == len(page_start(RUN))
    assert b"<span>COVID-19</span> <b>600</b>" in counted
    assert b"<span>not COVID-19</span> <b>634</b>" in counted


@pytest.mark.parametrize("place", ["path", "reason", "series", "sha256", "label"])
def test_foreign_text_stays_text_on_one_line(place: str) -> None:
    line = markup(1, row("a.png", 0.9) | {place: HOSTILE}, None, RUN.labels, 0.5)
    assert "<script" not in line
    assert line.count("\n") == 1
    line.encode()  # no lone surrogate
    assert "\\udcff\\u202e.png" in line.replace("\\\\", "\\")


def test_the_policy_names_the_very_script_and_style() -> None:
    page = (page_start(RUN) + page_end()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    for tag in ("script", "style"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"https?://|//cdn", page)


def test_the_page_has_the_style_that_it_shares_with_the_kiosk() -> None:
    assert SHARED_STYLE.read_text(encoding="utf-8") in page_start(RUN).decode()


def test_what_has_no_answer_is_there_and_says_so(tmp_path: Path) -> None:
    doubt = row("b.png", 0.7, reason="no lungs found")
    page = write(tmp_path / "page.html", [row("a.png"), doubt]).read_text()
    assert 'data-kind="error"' in page
    assert "cannot be read" in page
    assert "no picture" in page
    assert page.count("doubt this") == 1
    assert page.count("For research use only. Not a medical device.") >= 2


@pytest.mark.parametrize(
    ("chance", "shown"), [(0.0, "0.0000"), (1e-6, "&lt; 0.0001"), (0.99996, "&gt; 0.9999"), (1.0, "1.0000")]
)
def test_rounding_makes_nothing_certain(chance: float, shown: str) -> None:
    assert rounded(chance) == shown

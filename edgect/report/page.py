"""The page round its rows: what comes before them, once they were counted, and what comes after."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template

from edgect.model.decision.labels import INDETERMINATE
from edgect.report import SHARED_STYLE
from edgect.report.row import KINDS, Row, escaped, is_doubtful, kind, probability
from edgect.report.thumbnail import legend

BINS = 20  # of the distribution of probabilities, 0 to 1
_MOST_ROWS = 10**9 - 1  # rows that there is room for in the summary
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """What was run. labels: not COVID-19, COVID-19. scale: log-odds drawn in the strongest red.

    facts: name and value of all else that the page says of it; none with patient data.
    """

    labels: tuple[str, str]
    threshold: float
    scale: float
    date: str
    facts: Mapping[str, str]


@dataclass
class Tally:
    """Rows by kind, answers to be doubted, and answers by probability."""

    kinds: Counter[str] = field(default_factory=Counter)
    bins: list[int] = field(default_factory=lambda: [0] * BINS)
    doubted: int = 0

    def add(self, row: Row, run: Run) -> None:
        self.kinds[kind(row, run.labels)] += 1
        self.doubted += is_doubtful(row)
        if (value := probability(row)) is not None:
            self.bins[min(int(value * BINS), BINS - 1)] += 1


def page_start(run: Run, tally: Tally | None = None) -> bytes:
    """The page up to its first row. As long whatever the tally, so that it can be written over."""
    full = Tally(Counter(dict.fromkeys(KINDS, _MOST_ROWS)), [_MOST_ROWS] * BINS, _MOST_ROWS)
    room = len(_start(run, full))
    return _start(run, tally or Tally()).ljust(room)


def page_end() -> bytes:
    """The page from its last row on."""
    return Template(_parts()[1]).substitute(script=_read("page.js")).encode()


def _start(run: Run, tally: Tally) -> bytes:
    names = {
        "positive": run.labels[1],
        "negative": run.labels[0],
        INDETERMINATE: INDETERMINATE,
        "rejected": "rejected",
        "error": "error",
    }
    return (
        Template(_parts()[0])
        .substitute(
            policy=policy(style(), _read("page.js")),
            style=style(),
            date=escaped(run.date),
            positive=escaped(run.labels[1]),
            threshold=f"{run.threshold:.4g}",
            scale=f"{run.scale:.3g}",
            legend=b64encode(legend()).decode(),
            facts=facts(run.facts),
            kinds="".join(_kind_checkbox(name, names[name], tally.kinds[name]) for name in KINDS),
            doubt=f"{tally.doubted:,}",
            distribution=_distribution(tally.bins, run.threshold),
        )
        .encode()
    )


def facts(values: Mapping[str, str]) -> str:
    """Names and values, as HTML for a list of definitions."""
    return "".join(_fact(name, value) for name, value in values.items())


def _fact(name: str, value: str) -> str:
    wide = ' class="wide"' if len(value) > 40 else ""
    return f"<div{wide}><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>"


def _kind_checkbox(name: str, label: str, count: int) -> str:
    return (
        f'<label class="chip {name}"><input type="checkbox" name="kind" value="{name}" checked>'
        f"<span>{escaped(label)}</span> <b>{count:,}</b></label>"
    )


def _distribution(bins: list[int], threshold: float) -> str:
    """Bars of how many answers lie at which probability, as SVG."""
    most, step = max(*bins, 1), 100 / BINS
    bars = "".join(
        f'<rect class="value" x="{number * step + 0.5:.2f}" y="{40 - 38 * count / most:05.2f}" '
        f'width="{step - 1:.2f}" height="{38 * count / most:05.2f}"><title>{number / BINS:.2f} to '
        f"{(number + 1) / BINS:.2f}: {count:,}</title></rect>"
        for number, count in enumerate(bins)
    )
    return f'{bars}<rect class="threshold" x="{min(100 * threshold, 99.5):.2f}" width="0.6" height="40"/>'


@cache
def _parts() -> tuple[str, str]:
    start, end = _read("page.html").split("<!-- rows -->\n")
    return start, end


@cache
def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def policy(style: str, script: str = "") -> str:
    """Nothing is fetched, and no script or style runs but the page's own, whatever a file name says."""
    scripts = f"script-src 'sha256-{_digest(script)}'; " if script else ""
    return (
        f"default-src 'none'; img-src data:; {scripts}style-src 'sha256-{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def style() -> str:
    """Of this page, and of others that look like it."""
    return SHARED_STYLE.read_text(encoding="utf-8") + _read("page.css")


def _digest(content: str) -> str:
    """As a content security policy names what it lets run."""
    return b64encode(hashlib.sha256(content.encode()).digest()).decode()

"""The page of a comparison: its figures, and every slice that the two models label differently."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from string import Template

from edgect.compare.pictures import PictureSpool
from edgect.compare.report import Comparison
from edgect.compare.sides import RIGHT, UNANSWERED, WRONG, Side, Sides, changed
from edgect.compare.table import facts, figures
from edgect.errors import UsageError
from edgect.evaluate.rows import LabelledSlice
from edgect.machine import atomic
from edgect.report import page, row
from edgect.report.thumbnail import Pictures, legend

HERE = Path(__file__).parent
CAUSES = {
    (RIGHT, WRONG): "A is right, and B is wrong",
    (WRONG, RIGHT): "A is wrong, and B is right",
    (RIGHT, UNANSWERED): "A is right, and B does not answer",
    (UNANSWERED, RIGHT): "A does not answer, and B is right",
    (WRONG, UNANSWERED): "A is wrong, and B does not answer",
    (UNANSWERED, WRONG): "A does not answer, and B is wrong",
}
Spools = tuple[PictureSpool, PictureSpool]


def write(file: Path, comparison: Comparison, sides: Sides, spools: Spools) -> None:
    """Raises UsageError where the file cannot be written."""
    start, end = _frame(comparison, sides).split("<!-- rows -->\n")
    try:
        with atomic.replacing(file) as opened:
            opened.write(start.encode())
            for line in _rows(sides, spools):
                opened.write(line.encode())
            opened.write(end.encode())
    except OSError as error:
        raise UsageError(f"--report {file}: cannot be written ({error.strerror})") from error


def _frame(comparison: Comparison, sides: Sides) -> str:
    first, second = sides
    style = page.style() + (HERE / "page.css").read_text(encoding="utf-8")
    slices = comparison.levels[0]
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        policy=page.policy(style),
        style=style,
        date=row.escaped(comparison.date),
        facts=page.facts(facts(comparison)),
        figures="\n".join(row.escaped(line) for line in figures(comparison)),
        changed=f"{slices.changed:,}",
        count=f"{slices.count:,}",
        positive=row.escaped(first.labels[1]),
        legend=b64encode(legend()).decode(),
        first=row.escaped(first.model.name),
        second=row.escaped(second.model.name),
        first_scale=f"{first.scale:.3g}",
        second_scale=f"{second.scale:.3g}",
        first_threshold=f"{first.model.threshold:.4g}",
        second_threshold=f"{second.model.threshold:.4g}",
    )


def _rows(sides: Sides, spools: Spools) -> Iterator[str]:
    """A part of the table for every cause, the graver first."""
    differing = list(changed(sides))
    for outcomes, cause in CAUSES.items():
        numbers = [number for number, *own in differing if tuple(own) == outcomes]
        if numbers:
            yield f'<tbody><tr><th colspan="6" scope="rowgroup">{cause}: {len(numbers):,}</th></tr>\n'
            for number in numbers:
                yield _row(number, sides, spools)
            yield "</tbody>\n"


def _row(number: int, sides: Sides, spools: Spools) -> str:
    first, second = (side.slices[number] for side in sides)
    truth = row.chip("positive" if first.truth else "negative", sides[0].labels[first.truth])
    pictures = spools[0].of(first), spools[1].of(second)
    return (
        f'<tr><td class="number">{number + 1}</td>'
        f'<td class="pictures"><div>{_images(*pictures)}</div></td>'
        f'{row.file(first.row())}<td class="answer">{truth}</td>'
        f"{_answer(sides[0], first)}{_answer(sides[1], second)}</tr>\n"
    )


def _answer(side: Side, slice_: LabelledSlice) -> str:
    content = slice_.row()
    bar = "" if slice_.score is None else row.bar(slice_.score, side.model.threshold)
    reason = f"<small>{row.escaped(slice_.reason)}</small>" if slice_.reason else ""
    return f'<td class="probability">{row.answer(content, side.labels)}{bar}{reason}</td>'


def _images(first: Pictures | None, second: Pictures | None) -> str:
    known = first or second
    if known is None:
        return '<span class="none">no picture</span>'
    maps = (
        '<span class="none">no map</span>' if each is None or each.map is None else row.image(each.map)
        for each in (first, second)
    )
    return row.image(known.slice) + "".join(maps)

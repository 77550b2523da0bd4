"""The page of a comparison: its figures, and every slice that the two models label differently."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from string import Template

from edgect.compare.pictures import PictureSpool
from edgect.compare.report import Comparison, Level
from edgect.compare.sides import RIGHT, UNANSWERED, WRONG, Side, Sides, changed
from edgect.compare.table import facts, figures, plural_of
from edgect.errors import UsageError
from edgect.evaluate.counting import Answer
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
    slices, *groups = comparison.levels.values()
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        policy=page.policy(style),
        style=style,
        date=row.escaped(comparison.date),
        facts=page.facts(facts(comparison)),
        figures="\n".join(row.escaped(line) for line in figures(comparison)),
        changed=f"{slices.changed:,}",
        count=f"{slices.count:,}",
        groups="".join(_groups(level, sides) for level in groups),
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


def _groups(level: Level, sides: Sides) -> str:
    """Every series, or every patient, that the two models label differently."""
    answers = [side.answers(level.by) for side in sides]
    rows = "".join(
        f'<tr><th scope="row" class="file">{row.escaped(answers[0][number].name)}</th>'
        f'<td class="answer">{_truth(sides[0], answers[0][number])}</td>'
        + "".join(_group(side, own[number]) for side, own in zip(sides, answers, strict=True))
        + "</tr>\n"
        for number, *_ in changed(sides, level.by)
    )
    title = f"{plural_of(level.by).title()} with another label by B, or with a label by one alone"
    head = '<colgroup><col><col class="answer"><col class="probability"><col class="probability"></colgroup>'
    names = "<tr><th>Name</th><th>Truth</th><th>A</th><th>B</th></tr>"
    table = f'<table class="pairs">{head}<thead>{names}</thead><tbody>{rows}</tbody></table>' if rows else ""
    return f"<h2>{title}: {level.changed:,} of {level.count:,}</h2>\n{table}\n"


def _group(side: Side, group: Answer) -> str:
    if not group.answered:
        return f'<td class="probability">{row.chip("rejected", UNANSWERED)}</td>'
    positive = group.probability >= side.model.threshold
    label = row.chip("positive" if positive else "negative", side.labels[positive])
    return f'<td class="probability">{label}{row.bar(group.probability, side.model.threshold)}</td>'


def _truth(side: Side, answer: Answer) -> str:
    return row.chip("positive" if answer.truth else "negative", side.labels[answer.truth])


def _row(number: int, sides: Sides, spools: Spools) -> str:
    first, second = (side.slices[number] for side in sides)
    pictures = spools[0].of(first), spools[1].of(second)
    return (
        f'<tr><td class="number">{number + 1}</td>'
        f'<td class="pictures"><div>{_images(*pictures)}</div></td>'
        f'{row.file(first.row())}<td class="answer">{_truth(sides[0], first)}</td>'
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

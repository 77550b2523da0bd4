"""RESULTS.md from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.figures import Figure, Section, with_target
from benchmarks.results import Circumstances, Result
from benchmarks.topics import TOPICS

COMMAND = "python -m benchmarks"


def render(results: dict[str, Result]) -> str:
    """The whole report; topics that were not measured are named."""
    measured = [results[topic] for topic in TOPICS if topic in results]
    missing = [topic for topic in TOPICS if topic not in results]
    lines = [
        "# How fast and how faithful",
        "",
        f"Written by `{COMMAND}` from `benchmarks/results.json`; see CONTRIBUTING.md. Targets stand in the "
        "head of "
        "a column. Ratios are from one run in which the alternatives take turns.",
        "",
        *_summary(measured),
    ]
    if missing:
        lines += [f"Not measured: {', '.join(missing)}.", ""]
    machines = _by_machine(measured)
    if machines:
        lines += [*_circumstances(machines), ""]
    for result in measured:
        for section in result.sections:
            lines += ["", f"## {section.title}", "", section.how, "", *_table(section.figures)]
        lines += ["", _measured(result.circumstances, _newest(machines[_place(result)]))]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _summary(results: Iterable[Result]) -> Iterator[str]:
    figures = with_target(section for result in results for section in result.sections)
    met = [figure for _, figure in figures if figure.met]
    missed = [pair for pair in figures if not pair[1].met and not pair[1].may_be_met]
    open_ = [pair for pair in figures if not pair[1].met and pair[1].may_be_met]
    if len(met) == len(figures):
        yield from (f"**All {len(figures)} targets met.**", "")
        return
    not_shown = f", {len(open_)} not shown" if open_ else ""
    yield from (f"**{len(met)} of {len(figures)} targets met, {len(missed)} missed{not_shown}.**", "")
    if missed:
        yield from ("Missed:", "")
        yield from _rows(["", "", "measured", "target"], [_missed(*pair) for pair in missed])
        yield ""
    if open_:
        yield from (
            "Not shown: the figure is on the wrong side of its target, but so few slices cannot tell, as the "
            "target lies within the interval of 95 % (exact binomial; of a difference, of its slices' -1, 0 "
            "and 1, Gaffke's bound):",
            "",
        )
        rows = [
            [*_missed(section, figure)[:3], str(figure.of), figure.shown_interval, figure.target]
            for section, figure in open_
        ]
        yield from _rows(["", "", "measured", "slices", "interval", "target"], rows)
        yield ""


def _missed(section: Section, figure: Figure) -> list[str]:
    return [f"{section.title}: {figure.case}", figure.what, figure.shown, figure.target]


Machine = tuple[tuple[str, str], ...]


def _by_machine(results: Iterable[Result]) -> dict[Machine, list[Result]]:
    """Topics of one report may be from several machines, whose seconds are not to be compared."""
    by_machine: dict[Machine, list[Result]] = {}
    for result in results:
        by_machine.setdefault(_place(result), []).append(result)
    return by_machine


def _place(result: Result) -> Machine:
    return tuple(result.circumstances.machine.items())


def _newest(results: Iterable[Result]) -> Circumstances:
    return max((result.circumstances for result in results), key=lambda c: c.date)


def _circumstances(machines: dict[Machine, list[Result]]) -> Iterator[str]:
    """A column for every machine, headed by the topics that were measured on it where there are several."""
    several = len(machines) > 1
    columns = [_column(_newest(results)) for results in machines.values()]
    heads = [", ".join(r.topic for r in results) if several else "" for results in machines.values()]
    names = list(dict.fromkeys(name for column in columns for name in column))
    yield from _rows(["", *heads], [[name, *(column.get(name, "") for column in columns)] for name in names])


def _column(circumstances: Circumstances) -> dict[str, str]:
    versions = ", ".join(f"{name} {version}" for name, version in circumstances.versions.items())
    bundles = ", ".join(f"{name} {digest}" for name, digest in circumstances.bundles.items())
    return {**circumstances.machine, "versions": versions, "bundles": bundles, "date": circumstances.date}


def _measured(circumstances: Circumstances, newest: Circumstances) -> str:
    """On what and when, and what differs from the machine's newest result, whose versions stand above."""
    text = f"*{circumstances.machine['CPU']}, {circumstances.date}; load before: {circumstances.load:g}.*"
    then, now = circumstances.versions | circumstances.bundles, newest.versions | newest.bundles
    # bundles that were not asked for in the newest run are no difference
    others = [f"{name} {value}" for name, value in then.items() if now.get(name, value) != value]
    return f"{text} *With other than above: {', '.join(others)}.*" if others else text


def _table(figures: Sequence[Figure]) -> Iterator[str]:
    """Cases down, what was measured across; a column's target in its head."""
    if not figures:
        return
    columns = list(dict.fromkeys(figure.what for figure in figures))
    targets = {figure.what: f" ({figure.target})" for figure in figures if figure.target}
    cells = {(figure.case, figure.what): figure for figure in figures}
    rows = [
        [case, *(_cell(cells.get((case, what))) for what in columns)]
        for case in dict.fromkeys(figure.case for figure in figures)
    ]
    yield from _rows(["", *(what + targets.get(what, "") for what in columns)], rows)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    interval = f"({figure.shown_interval})" if figure.interval else ""
    return " ".join(part for part in (figure.shown, interval, figure.verdict) if part)


def _rows(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"

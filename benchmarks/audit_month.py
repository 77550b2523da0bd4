"""`python -m benchmarks.audit_month --work DIR --out benchmarks/AUDIT.md`: audit trails and drift, simulated.

Variations of the example scans, and damaged ones, are classified by the bundled model; their rows, drawn at
random, are written to trails as a clock that runs through months would have them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np

from benchmarks.harness.slices import EXAMPLES, vary
from edgect.audit.chain import START, read_line, write_line
from edgect.audit.contents import answer
from edgect.audit.trail import Trail
from edgect.monitor.comparison import LEAST, LEVEL, LOOKS, MIN_STUDIES, QUANTITIES
from edgect.pipeline import Pipeline
from edgect.rows.identifiers import Identifiers
from edgect.scans import read_slice
from edgect.statistics.two_samples import holm, kolmogorov_smirnov

SEED, VARIATIONS, DAMAGED = 0, 40, 0.03
STUDIES, DAYS = 10_000, 30
WEEK, WEEKS, BASELINE_WEEKS, HALF_YEARS = 2_333, 20, 4, 200
OTHER = "moscow"  # the source that comes in later
FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
Row = dict[str, Any]
Random = np.random.Generator

PAGE = """\
# An audit trail and its monitor, by simulation

Made by `python -m benchmarks.audit_month`, seed {seed}. {scans} scans are classified once by `lungs`
({engine}, INT8): {variations} variations of each example scan (turned, scaled, brightened), and
{spoilt} files that are cut in half or blank. A study is one of their rows, drawn at random; {damaged} % are
damaged files. The usual sources are SARS-CoV-2-CT and LUNA16, the other one is the pictures from Moscow.
This shows that the program does what it should, not how often a hospital's scans drift.

## A month: {studies:,} studies in {days} days
{month}

## Drift
{weeks} weeks of {week:,} studies each against a baseline of {baseline_weeks} weeks. No drift:

{quiet}

One in five scans of the other source:

{drift}
![Distributions of the week and of the baseline](AUDIT_DRIFT.png)

The smallest share of the other source that raised the alarm in its week, of 1, 2, 5, 10, 20 and 50 %:

{sensitivity}

Of {half_years} simulated spans of {weeks} weeks without drift, each with its own baseline, {false_alarms}
had any alarm. At most {expected:.1f} % may, by the level of {level:g} % that is spread over {looks} looks.
"""


def make_scans(folder: Path) -> None:
    """Pictures as a kiosk gets them, and some that are spoilt."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(sorted(EXAMPLES.iterdir())):
        pixels = read_slice(path)
        for draw in range(VARIATIONS):
            rng = np.random.default_rng([SEED, number, draw])
            content = cv2.imencode(".png", vary(pixels, rng))[1].tobytes()
            (folder / f"{path.stem}-{draw}.png").write_bytes(content)
            if draw % 10 == 0:
                blank = cv2.imencode(".png", pixels * 0)[1].tobytes()
                cut = content[: len(content) // 2] if number % 2 else blank
                (folder / f"damaged-{number}-{draw}.png").write_bytes(cut)


def classify(folder: Path) -> tuple[dict[str, list[Row]], str]:
    """Rows by `usual`, `other` and `damaged`, and the engine."""
    pipeline = Pipeline()
    rows: dict[str, list[Row]] = {"usual": [], "other": [], "damaged": []}
    for path in sorted(folder.iterdir()):
        kind = "damaged" if path.name.startswith("damaged") else "other" if OTHER in path.name else "usual"
        rows[kind] += [prediction.row() for prediction in pipeline.classify_file(str(path))]
    return rows, f"{pipeline.engine.backend} {pipeline.engine.version}"


def draw(rows: dict[str, list[Row]], count: int, rng: Random, share: float = 0.0) -> Iterator[Row]:
    """Studies. share: of the other source."""
    kinds = rng.choice(["damaged", "other", "usual"], count, p=[DAMAGED, share, 1 - DAMAGED - share])
    for kind in kinds:
        yield rows[kind][rng.integers(len(rows[kind]))]


def write(folder: Path, studies: Sequence[Row], begin: datetime, days: int) -> None:
    """Append studies to a trail, evenly over days."""
    clock = (begin + timedelta(days=days) * (number / len(studies)) for number in range(len(studies)))
    with Trail(folder, "serve", now=lambda: next(clock)) as trail:
        names = Identifiers()
        for number, row in enumerate(studies):
            study = names.name(f"study {begin} {number}")
            named = {**row, "study": study, "names": names.kind}
            trail.append(answer(named, trail.identifiers, "http"), durable=False)


def edgect(*arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    done = subprocess.run(
        [sys.executable, "-m", "edgect", *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    return done.returncode, done.stdout


def run(work: Path, *arguments: object) -> str:
    """The command, its output and its exit code, as Markdown. Folders lie in `work`."""
    line = [str(argument) for argument in arguments]
    code, output = edgect(*line)
    shown = " ".join(["edgect", *line]).replace(f"{work}/", "")
    output = output.replace(f"{work}/", "")
    return f"```\n$ {shown}\n{output}exit code {code}\n```\n"


def month(work: Path, rows: dict[str, list[Row]], rng: Random) -> str:
    trail = work / "trail"
    write(trail, list(draw(rows, STUDIES, rng)), FIRST_DAY, DAYS)
    files = sorted(trail.glob("*.jsonl"))
    head = read_line(files[-1].read_bytes().splitlines()[-1]).link
    parts = [run(work, "audit", "verify", trail), run(work, "audit", "replay", trail, work / "scans")]
    parts.append("The label of one line changed:\n")
    middle, before = files[15], files[15].read_bytes()
    lines = before.splitlines(keepends=True)
    lines[100] = lines[100].replace(b'"label":"', b'"label":"x', 1)
    middle.write_bytes(b"".join(lines))
    parts.append(run(work, "audit", "verify", trail))
    middle.write_bytes(before)
    parts.append("Ten lines removed from the end, without and with the head that was kept:\n")
    last, before = files[-1], files[-1].read_bytes()
    last.write_bytes(b"".join(before.splitlines(keepends=True)[:-10]))
    parts += [run(work, "audit", "verify", trail), run(work, "audit", "verify", trail, "--head", head.hash)]
    last.write_bytes(before)
    parts.append(
        "A label turned round, and all lines from there on made anew, as whoever may write the folder can:\n"
    )
    forge(files, 5_000)
    parts += [
        run(work, "audit", "verify", trail),
        run(work, "audit", "verify", trail, "--head", head.hash),
        run(work, "audit", "replay", trail, work / "scans"),
    ]
    return "\n".join(parts)


def forge(files: Sequence[Path], number: int) -> None:
    """Turn round the first label from a line on, and make the chain anew from there."""
    link, done = START, False
    for file in files:
        forged = b""
        for text in file.read_bytes().splitlines():
            content = dict(read_line(text).content)
            for name in ("number", "previous", "hash"):
                content.pop(name)
            if not done and link.number + 1 >= number and content["label"]:
                content["label"] = "COVID-19" if content["label"].startswith("not") else "not COVID-19"
                done = True
            line, link = write_line(content, link)
            forged += line
        file.write_bytes(forged)


def weeks(work: Path, rows: dict[str, list[Row]], rng: Random) -> tuple[str, str, str]:
    """The quiet weeks, the week with drift as the command shows it, and which shares raise the alarm."""
    baseline, exits = work / "baseline", []
    write(baseline, list(draw(rows, WEEK * BASELINE_WEEKS, rng)), FIRST_DAY, 7 * BASELINE_WEEKS)
    for number in range(WEEKS):
        begin = FIRST_DAY + timedelta(weeks=BASELINE_WEEKS + number)
        write(work / f"week-{number}", list(draw(rows, WEEK, rng)), begin, 7)
        line = ["monitor", str(work / f"week-{number}"), "--baseline", str(baseline)]
        exits.append(edgect(*line)[0])
    quiet = f"exit codes of the {WEEKS} weeks: {', '.join(map(str, exits))}\n\n"
    quiet += run(work, "monitor", work / "week-0", "--baseline", baseline)
    begin = FIRST_DAY + timedelta(weeks=BASELINE_WEEKS + WEEKS)
    found = []
    for percent in (1, 2, 5, 10, 20, 50):
        folder = work / f"week-with-{percent}-percent"
        write(folder, list(draw(rows, WEEK, rng, percent / 100)), begin, 7)
        line = ["monitor", str(folder), "--baseline", str(baseline)]
        if edgect(*line)[0]:
            found.append(f"{percent} %")
    drift = run(
        work, "monitor", work / "week-with-20-percent", "--baseline", baseline, "--plot", work / "drift.png"
    )
    return quiet, drift, f"{found[0] if found else 'none'} (alarms at {', '.join(found)})"


def false_alarms(rows: dict[str, list[Row]], rng: Random) -> int:
    """Of how many spans without drift any week raises an alarm."""
    return sum(
        _any_alarm(
            _values(rows, WEEK * BASELINE_WEEKS, rng), [_values(rows, WEEK, rng) for _ in range(WEEKS)]
        )
        for _ in range(HALF_YEARS)
    )


def _values(rows: dict[str, list[Row]], count: int, rng: Random) -> dict[str, list[float]]:
    drawn = list(draw(rows, count, rng))
    return {
        "probability": [row["probability"] for row in drawn if row["probability"] is not None],
        "distance": [row["distance"] for row in drawn if row["distance"] is not None],
        "unanswered": [float(row["probability"] is None) for row in drawn],
    }


def _any_alarm(baseline: dict[str, list[float]], later: Sequence[dict[str, list[float]]]) -> bool:
    assert all(len(values) >= MIN_STUDIES for values in baseline.values())
    for week in later:
        tests = [kolmogorov_smirnov(baseline[name], week[name]) for name in QUANTITIES]
        adjusted = holm([test.p_value for test in tests])
        if any(
            LOOKS * value <= LEVEL and test.distance >= LEAST
            for value, test in zip(adjusted, tests, strict=True)
        ):
            return True
    return False


@click.command()
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(work: Path, out: Path) -> None:
    """Simulate a month and twenty weeks of traffic in an empty folder, and write what came of it."""
    rng = np.random.default_rng(SEED)
    make_scans(work / "scans")
    rows, engine = classify(work / "scans")
    parts = {"month": month(work, rows, rng)}
    parts["quiet"], parts["drift"], parts["sensitivity"] = weeks(work, rows, rng)
    shutil.copy(work / "drift.png", out.with_name("AUDIT_DRIFT.png"))
    out.write_text(
        PAGE.format(
            seed=SEED,
            scans=sum(map(len, rows.values())),
            variations=VARIATIONS,
            engine=engine,
            damaged=f"{100 * DAMAGED:g}",
            spoilt=len(rows["damaged"]),
            studies=STUDIES,
            days=DAYS,
            weeks=WEEKS,
            week=WEEK,
            baseline_weeks=BASELINE_WEEKS,
            half_years=HALF_YEARS,
            false_alarms=false_alarms(rows, rng),
            expected=100 * LEVEL * WEEKS / LOOKS,
            level=100 * LEVEL,
            looks=LOOKS,
            **parts,
        )
    )


if __name__ == "__main__":
    main()

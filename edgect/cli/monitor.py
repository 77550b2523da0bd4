"""`edgect monitor`: whether the scans of a week are like those of a baseline."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from edgect.rows.formats import printable

FORMATS = ("table", "json")
DRIFT = 4
LOOKS, LEAST = 52, 0.05  # of edgect.monitor.comparison, which loads numpy
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("monitor")
@click.argument("trail", metavar="TRAIL...", nargs=-1, required=True)
@click.option(
    "--baseline",
    multiple=True,
    required=True,
    metavar="TRAIL",
    help="Of weeks that were as they should be; may be repeated, and may be TRAIL itself.",
)
@click.option("--since", type=_DAY, help="First day of the period, in UTC.  [default: the trail's first]")
@click.option("--until", type=_DAY, help="Last day of the period, in UTC.  [default: the trail's last]")
@click.option(
    "--looks",
    type=click.IntRange(1),
    default=LOOKS,
    show_default=True,
    help="That 5 % of a false alarm are spread over: a year of weeks.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    default=LEAST,
    show_default=True,
    help="Kolmogorov and Smirnov's distance below which there is no alarm.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png",
    help="Draw the distributions of both.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def command(
    trail: tuple[str, ...],
    baseline: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    looks: int,
    least: float,
    plot: Path | None,
    form: str,
) -> None:
    """Hold a period of an audit trail against a baseline: do the scans still look as they did?

    TRAIL is the folder that --audit of classify, serve and listen writes, or files of it, of a day each.
    Compared are, study by study, the probability, the distance that the gate measures, and the share of
    slices without an answer. Lines that are in TRAIL and in the baseline count for the period alone, so
    that `edgect monitor DIR --since DAY --baseline DIR` holds what came since DAY against all before.

    Drift says that the scans, patients or machines have changed, not whether answers got worse: for that
    there is `edgect evaluate`. No drift does not say that answers are right. Exit codes: 0 no drift,
    4 drift, 1 the trail was altered, 2 usage, or too few studies.
    """
    from edgect.audit.files import trail_files
    from edgect.monitor.comparison import monitor
    from edgect.monitor.text import table

    if plot is not None:
        from edgect.monitor.plot import usable

        usable()
    found = monitor(
        trail_files(trail),
        trail_files(baseline),
        None if since is None else since.date(),
        None if until is None else until.date(),
        looks,
        least,
    )
    if plot is not None:
        from edgect.monitor.plot import draw

        draw(found, plot)
    if form == "json":
        click.echo(json.dumps(found.document(), indent=1))
    else:
        for line in table(found):
            click.echo(printable(line))
    if found.drift:
        click.get_current_context().exit(DRIFT)

"""The picture of a comparison: distributions of both periods, quantity by quantity. Needs `edgect[plots]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgect.errors import UsageError
from edgect.machine.installation import needing
from edgect.monitor.comparison import Comparison, Test
from edgect.monitor.text import MEANINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASELINE, CURRENT, ALARM = "#9ca3af", "#2f6690", "#b5432f"
_BINS, _DPI = 30, 120


def usable() -> None:
    """Raises NotInstalledError where matplotlib is not installed."""
    with needing("plots", "--plot"):
        import matplotlib.figure  # noqa: F401


def draw(found: Comparison, file: Path) -> None:
    """Write a PNG or what else the suffix says. Raises UsageError where that cannot be done."""
    from matplotlib.figure import Figure

    tests = found.tests
    figure = Figure(figsize=(8, 2.6 * len(tests) + 0.6), dpi=_DPI, layout="constrained")
    for row, test in zip(figure.subplots(len(tests), 1, squeeze=False), tests, strict=True):
        _draw_test(row[0], test)
    verdict = "drift" if found.drift else "no drift"
    figure.suptitle(
        f"{found.current.first[:10]} to {found.current.last[:10]} against {found.baseline.first[:10]} to "
        f"{found.baseline.last[:10]}: {verdict}"
    )
    try:
        figure.savefig(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"--plot {file}: cannot be written ({error})") from error


def _draw_test(axes: Axes, test: Test) -> None:
    edges = np.histogram_bin_edges([*test.baseline, *test.current], _BINS).tolist()
    colour = ALARM if test.drift else CURRENT
    for values, name, style in (
        (test.baseline, "baseline", {"color": BASELINE, "histtype": "stepfilled", "alpha": 0.6}),
        (test.current, "period", {"color": colour, "histtype": "step", "lw": 2}),
    ):
        shares = np.full(len(values), 1 / len(values))
        axes.hist(values, edges, weights=shares, label=f"{name}, {len(values):,} studies", **style)  # type: ignore[arg-type]
    axes.axvline(test.test.at, color=colour, lw=1, ls=":")
    axes.set(xlabel=MEANINGS[test.quantity], ylabel="share of studies")
    axes.set_title(
        f"{test.quantity}: KS {test.test.distance:.3f}, adjusted p {test.adjusted:.2g}, "
        f"PSI {test.stability.index:.3f}",
        loc="left",
        fontsize=10,
        color=colour,
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)

"""Three pictures of an evaluation: ROC curve, reliability and confusion matrix. Needs `edgect[plots]`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgect.errors import UsageError
from edgect.evaluate.counting import columns
from edgect.evaluate.report import Report
from edgect.evaluate.rows import LabelledSlice
from edgect.machine.installation import needing
from edgect.statistics.calibration import CalibrationBin
from edgect.statistics.roc import roc_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COVID, OTHER, GREY = "#b5432f", "#2f6690", "#6b7280"
STYLE: Any = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e5e7eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
SIZE, DPI = (6.4, 6.0), 120


def usable() -> None:
    """Raises NotInstalledError where matplotlib is not installed."""
    with needing("plots", "--plots"):
        import matplotlib.figure  # noqa: F401


def draw(report: Report, slices: Sequence[LabelledSlice], folder: Path) -> None:
    """Write roc.png, reliability.png and confusion.png. Raises UsageError where that cannot be done."""
    import matplotlib
    from matplotlib.figure import Figure

    answered = [each for each in slices if each.answered]
    pictures: dict[str, Callable[[Figure], None]] = {
        "roc": lambda figure: _roc(figure, report, answered),
        "reliability": lambda figure: _reliability(figure, report, answered),
        "confusion": lambda figure: _confusion(figure, report),
    }
    with matplotlib.rc_context(STYLE):
        for name, drawn in pictures.items():
            figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")  # no pyplot, so no window
            drawn(figure)
            model = report.model
            figure.supxlabel(
                f"{model.name} {model.digest[:8]}, {model.backend} {model.precision}. {report.notice}",
                fontsize=8,
                color=GREY,
            )
            try:
                figure.savefig(folder / f"{name}.png")
            except OSError as error:
                raise UsageError(f"{folder / name}.png: cannot be written ({error.strerror})") from error


def _roc(figure: Figure, report: Report, answered: Sequence[LabelledSlice]) -> None:
    axes = figure.subplots()
    axes.set(
        xlabel="1 - specificity", ylabel="sensitivity", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal"
    )
    axes.set_title("ROC curve")
    labels, probabilities, units = columns(answered)
    if len(set(labels)) < 2:
        _undefined(axes, "needs answered slices\nof both classes")
        return
    roc, area = roc_curve(labels, probabilities, units), report.answered.metrics["auc"]
    band = f"95 % band, by {report.data.unit}"
    axes.fill_between(roc.grid, roc.low, roc.high, step="post", color=OTHER, alpha=0.18, lw=0, label=band)
    drawn = f"AUC {area.value:.3f}"
    if area.low is not None:
        drawn += f" ({area.low:.3f} to {area.high:.3f})"
    axes.plot(roc.false_positive_rate, roc.sensitivity, color=OTHER, lw=2, label=drawn)
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="chance")
    for marker, (name, threshold) in zip("oDs^", _thresholds(report).items(), strict=False):
        predicted = np.asarray(probabilities) >= threshold
        truth = np.asarray(labels, bool)
        place = (predicted[~truth].mean(), predicted[truth].mean())
        used = name == (report.model.operating_point or "given")
        axes.plot(
            *place,
            marker,
            ms=10,
            color=COVID if used else "white",
            markeredgecolor="white" if used else COVID,
            mew=1.5,
            zorder=5,
            ls="",
            label=f"{name}, threshold {threshold:.3f}",
        )
    axes.legend(loc="lower right")


def _thresholds(report: Report) -> dict[str, float]:
    points = {point.name: point.threshold for point in report.operating_points}
    return points if report.model.operating_point else {**points, "given": report.model.threshold}


def _reliability(figure: Figure, report: Report, answered: Sequence[LabelledSlice]) -> None:
    calibration = report.calibration
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1.2))
    top.set(ylabel="share of COVID-19 among them", xlim=(-0.01, 1.01), ylim=(-0.02, 1.02))
    top.set_title("Reliability of the probability")
    bottom.set(xlabel="probability of COVID-19", ylabel="slices")
    if not calibration.bins:
        _undefined(top, "no answered slices")
        return
    top.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="as it should be")
    x, y = [bin.probability for bin in calibration.bins], [bin.share for bin in calibration.bins]
    low, high = np.array([_wilson(bin) for bin in calibration.bins]).T
    top.vlines(x, low, high, color=OTHER, lw=1.5, alpha=0.6, label="95 % (Wilson, by slice)")
    top.plot(x, y, "o-", color=OTHER, lw=2, ms=7, label=f"{len(x)} bins of {_sizes(calibration.bins)} slices")
    top.text(
        0.98,
        0.04,
        f"expected calibration error {calibration.expected_calibration_error:.3f}\n"
        f"Brier score {calibration.brier:.3f}",
        transform=top.transAxes,
        ha="right",
    )
    top.legend(loc="upper left")
    by_label = [[a.probability for a in answered if a.case.label == label] for label in (0, 1)]
    bottom.hist(
        by_label,
        bins=np.linspace(0, 1, 21).tolist(),
        stacked=True,
        color=[OTHER, COVID],
        label=["not COVID-19", "COVID-19"],
        rwidth=0.92,
    )
    bottom.axvline(report.model.threshold, color="black", lw=1, ls=":")
    bottom.legend(fontsize=9, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.98), borderaxespad=0)


def _sizes(bins: Sequence[CalibrationBin]) -> str:
    least, most = min(bin.count for bin in bins), max(bin.count for bin in bins)
    return f"{least}" if least == most else f"{least} to {most}"


def _wilson(bin: CalibrationBin, z: float = 1.959964) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927)."""
    n, share = bin.count, bin.share
    middle, spread = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return float((middle - spread) / (1 + z * z / n)), float((middle + spread) / (1 + z * z / n))


def _confusion(figure: Figure, report: Report) -> None:
    axes, counted = figure.subplots(), report.answered.confusion
    counts = np.array([[counted.tp, counted.fn], [counted.fp, counted.tn]])
    rows = counts.sum(1, keepdims=True)
    shares = counts / np.where(rows > 0, rows, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
    names = [["found", "missed"], ["false alarm", "cleared"]]
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.6 else "#111827"
        share = f"{shares[row, column]:.1%} of {rows[row, 0]}" if rows[row, 0] else "no slices"
        axes.text(column, row - 0.06, f"{count}", ha="center", va="center", fontsize=30, color=colour)
        note = f"{names[row][column]}: {share}"
        axes.text(column, row + 0.2, note, ha="center", va="center", color=colour)
    labels = ["COVID-19", "not COVID-19"]
    axes.set_xticks([0, 1], labels)
    axes.set_yticks([0, 1], labels, rotation=90, va="center")
    axes.set(xlabel="edgect says", ylabel="truth")
    axes.set_title(f"{report.answered.slices} answered slices, threshold {report.model.threshold:.3f}")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _undefined(axes: Axes, why: str) -> None:
    axes.text(0.5, 0.5, f"undefined:\n{why}", transform=axes.transAxes, ha="center", va="center", color=GREY)

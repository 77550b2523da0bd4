"""The table and the picture of what labels are worth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.new_hospital.methods import METRICS

INTRODUCTION = """\
# What a hospital's own labels are worth

Each source in turn is a hospital that the network has not seen: it was trained without that source. Labels
of so many of its patients, half of them with COVID-19, are drawn from its training and validation parts, and
all is measured on its test part (of sfax, with 72 patients, on those that are not drawn). Where patients are
unknown, blocks of neighbouring slices stand for them. `calibrate` is repeated for {draws} draws: values are
means over draws, 95 % intervals over draws and held patients, by bootstrap. `finetune` is one training,
of the first draw. Every slice counts, none is rejected. FP32, by torch.

{how}
"""


def write(results: Mapping[str, Any], out: Path) -> None:
    picture = out.with_suffix(".png")
    _draw(results, picture)
    draws = max(row["draws"] for source in results.values() for row in source["rows"].values())
    how = "\n".join(f"- {name}: {_how(source['recipe'])}" for name, source in results.items())
    lines = [INTRODUCTION.format(draws=draws, how=how), f"![AUC by source and method]({picture.name})", ""]
    lines += ["| source | method | held slices | AUC | sensitivity | specificity |", "| --- " * 6 + "|"]
    for name, source in results.items():
        for method, row in source["rows"].items():
            cells = [_estimate(row, metric) for metric in METRICS]
            lines.append(f"| {name} | {method} | {row['held_slices']} | " + " | ".join(cells) + " |")
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _how(recipe: Mapping[str, Any]) -> str:
    height, width = recipe["image_size"]
    sources = ", ".join(recipe["sources"])
    return (
        f"trained on {sources}; {recipe['steps']} steps at {height} x {width} pixels, seed {recipe['seed']}"
    )


def _estimate(row: Mapping[str, Any], metric: str) -> str:
    low, high = row["interval"][metric]
    return f"{row['value'][metric]:.3f} ({low:.3f} to {high:.3f})"


def _draw(results: Mapping[str, Any], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(results), figsize=(3.2 * len(results), 3.8), sharey=True, squeeze=False
    )
    for axis, (name, source) in zip(axes[0], results.items(), strict=True):
        rows = source["rows"]
        values = [row["value"]["auc"] for row in rows.values()]
        ends = [row["interval"]["auc"] for row in rows.values()]
        errors = [[v - e[0] for v, e in zip(values, ends, strict=True)]]
        errors.append([e[1] - v for v, e in zip(values, ends, strict=True)])
        axis.errorbar(range(len(rows)), values, yerr=errors, fmt="o", capsize=3)
        axis.set_xticks(range(len(rows)), list(rows), rotation=90, fontsize=7)
        axis.set_title(name)
        axis.grid(axis="y", alpha=0.3)
    axes[0][0].set_ylabel("AUC on held slices, with 95 % interval")
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    pyplot.close(figure)

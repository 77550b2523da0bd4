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
of the first draw. Every slice counts, none is rejected. FP32, by torch. The networks that leave out a source
were trained for this at a smaller budget than the default network's; each test part was read with all methods
at once. The network of sfax is the default one before its last training
(`train/runs/former/lungs`), with a last layer fitted as the shipped one was, but to slices of sars-cov-2-ct
and mosmed alone, with a strength chosen without sfax: the shipped one knows sfax. It was not fine-tuned.

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

    every = dict.fromkeys(method for source in results.values() for method in source["rows"])
    methods = sorted(every, key=lambda name: (name.partition(", ")[0], name.partition(", ")[2]))[::-1]
    figure, axes = pyplot.subplots(
        1, len(results), figsize=(2.4 + 2.6 * len(results), 4.4), sharex=True, sharey=True, squeeze=False
    )
    for axis, (name, source) in zip(axes[0], results.items(), strict=True):
        for place, method in enumerate(methods):
            if (row := source["rows"].get(method)) is None:
                continue
            value, (low, high) = row["value"]["auc"], row["interval"]["auc"]
            axis.errorbar(value, place, xerr=[[value - low], [high - value]], fmt="o", color="C0", capsize=3)
        axis.axvline(source["rows"]["as shipped"]["value"]["auc"], color="C0", alpha=0.4, linestyle=":")
        axis.set_title(name)
        axis.grid(axis="x", alpha=0.3)
    axes[0][0].set_yticks(range(len(methods)), methods, fontsize=8)
    figure.supxlabel("AUC on held slices, with 95 % interval; dotted: as shipped")
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    pyplot.close(figure)

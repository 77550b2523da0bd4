"""STAGES.png: where one core's time goes, a bar for every engine and version."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import Section

FILE = "STAGES.png"
_INFERENCE, _BESIDE = "inference", ("cv2.imread", "all but inference")


def draw(section: Section, file: Path) -> None:
    """section: of topic stages, figures in milliseconds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    times = [figure for figure in section.figures if figure.unit == "ms" and figure.what not in _BESIDE]
    cases = list(dict.fromkeys(figure.case for figure in times))
    names = list(dict.fromkeys(figure.what for figure in times))
    values = {(figure.case, figure.what): float(figure.value) for figure in times}
    imread = {f.case: float(f.value) for f in section.figures if f.what == _BESIDE[0]}
    plot, axes = pyplot.subplots(figsize=(9, 1.2 + 0.45 * len(cases)))
    colours, left = pyplot.get_cmap("tab20").colors, dict.fromkeys(cases, 0.0)
    for name, colour in zip(names, colours, strict=False):
        widths = [max(values[case, name], 0.0) for case in cases]
        shade = "lightgrey" if name == _INFERENCE else colour
        axes.barh(cases, widths, left=list(left.values()), label=name, color=shade)
        left = {case: left[case] + width for case, width in zip(cases, widths, strict=True)}
    for place, case in enumerate(cases):
        label = "cv2.imread alone" if not place else None
        axes.plot([imread[case]] * 2, [place - 0.4, place + 0.4], color="black", label=label)
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds of CPU time per image, one thread")
    axes.legend(fontsize=7, ncols=3, loc="upper center", bbox_to_anchor=(0.4, -0.25))
    plot.savefig(file, dpi=110, bbox_inches="tight")
    pyplot.close(plot)

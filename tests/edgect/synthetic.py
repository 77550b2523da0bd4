"""Slices that look a little like a chest: a bright body, two dark lungs, noise."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def body(seed: int = 0, height: int = 160, width: int = 200) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slice_ = np.where((x / 0.9) ** 2 + (y / 0.8) ** 2 < 1, 170.0, 10.0)
    for side in (-1, 1):
        lung = ((x - side * 0.42) / 0.3) ** 2 + (y / rng.uniform(0.4, 0.6)) ** 2 < 1
        slice_[lung] = rng.uniform(30, 90)
    return np.clip(slice_ + rng.normal(0, 12, slice_.shape), 0, 255).astype(np.uint8)


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

"""Logits of prepared slices, in a process that imports no more than an engine: an emulator is slow."""

from __future__ import annotations

import numpy as np

from edgect import backends
from edgect.bundle import Bundle


def answer(bundle: str, backend: str, precision: str, images: str, answers: str) -> None:
    """Write the logits `[n, 2]` of `images`, a .npy of uint8 `[n, 1, H, W]`, to the .npy `answers`."""
    session = backends.load(backend, Bundle.load(bundle), precision, threads=1)
    np.save(answers, np.concatenate([session.infer(image[np.newaxis]).logits for image in np.load(images)]))

"""One engine's logits: `python -m deploy.verification.engine_logits BUNDLE BACKEND PRECISION IMAGES LOGITS`.

On one core. Imports no more than an engine, for an emulator is slow.
"""

from __future__ import annotations

import sys

import numpy as np

from edgect.model import backends
from edgect.model.bundles.bundle import Bundle


def main(bundle: str, backend: str, precision: str, images: str, logits: str) -> None:
    """Write the logits, .npy of float32 `[n, 2]`, of prepared slices, .npy of uint8 `[n, 1, H, W]`."""
    loaded = Bundle.load(bundle, unfinished=True)
    session = backends.load(backend, loaded, precision, threads=1)
    np.save(logits, np.concatenate([session.infer(image[np.newaxis]).logits for image in np.load(images)]))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What one would write without edgect: read, resize, infer, print. `python plain_loop.py ENGINE MODEL ...`

A plain Python loop with every library as it comes: their own number of threads, no batches, the
whole slice, no search for lungs, no check of the input. The last line on stderr is the loop's seconds,
without imports and loading.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

engine, model, folder, height, width = sys.argv[1:]

if engine == "onnxruntime":
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def logits(image: np.ndarray) -> np.ndarray:
        return session.run(["logits"], {"image": image[None, None]})[0][0]

else:
    import torch

    from train.opened_run import open_run

    network = open_run(Path(model)).network()

    @torch.no_grad()
    def logits(image: np.ndarray) -> np.ndarray:
        return network(torch.from_numpy(image[None, None]))[0][0].numpy()


start = perf_counter()
for path in sorted(Path(folder).rglob("*")):
    if path.is_file():
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        image = cv2.resize(pixels, (int(width), int(height)), interpolation=cv2.INTER_AREA)
        low, high = logits(image)
        print(path.name, 1 / (1 + np.exp(low - high)))
print(f"{perf_counter() - start:.3f}", file=sys.stderr)

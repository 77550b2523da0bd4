"""What a torch network says of an array of slices."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from train.networks.architectures import Network
from train.networks.efficientnet import EfficientNetLite
from train.networks.light_cnn import LightCNN

Answering = Network | EfficientNetLite


def logits(
    network: Answering, images: NDArray[np.uint8], device: str = "cpu", batch_size: int = 32
) -> torch.Tensor:
    """images: uint8 `[n, H, W]`. Returns float32 `[n, 2]` on the CPU; computed in float32."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(torch.from_numpy(images[start : start + batch_size]).unsqueeze(1).to(device))[0]
            for start in range(0, len(images), batch_size)
        ]
    return torch.cat(parts).float().cpu()


def embeddings(
    network: LightCNN | EfficientNetLite, images: NDArray[np.uint8], batch_size: int = 32
) -> NDArray[np.float32]:
    """images: uint8 `[n, H, W]`. Returns float32 `[n, d]`, what the last layer reads."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network.features(torch.from_numpy(images[start : start + batch_size]).unsqueeze(1)).mean((2, 3))
            for start in range(0, len(images), batch_size)
        ]
    return np.asarray(torch.cat(parts).float().numpy())


def probabilities(values: torch.Tensor) -> NDArray[np.float64]:
    """Logits `[n, 2]` to the probability of COVID-19, float64 `[n]`, 0 to 1."""
    return np.asarray(torch.softmax(values.double(), 1)[:, 1])

"""The paper's x4 augmentation computed by torch, where the slices lie: on a GPU, or on the CPU for a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from train.data.augmentation import FACTOR, NOISE_STD, drawn

AT_ONCE = 64  # slices that are turned together: what bounds the memory that it takes


def quadruple(images: Tensor, seed: int, draw: int = 0) -> Tensor:
    """As `train.data.augmentation.quadruple`, with the same angles and enlargements and other noise.

    images: uint8 `[n, H, W]` on any device; returns uint8 `[4 * n, H, W]` there, in the same order.
    Noise is drawn for all slices at once by a generator of the device's own: what a slice gets depends on
    `seed`, `draw`, its number, how many slices there are, and on the kind of device.
    """
    parameters = [drawn(seed, draw, number)[:2] for number in range(len(images))]
    angles, scales = zip(*parameters, strict=True)
    copies = images.new_empty(FACTOR, *images.shape)
    copies[0] = images
    copies[1] = warp(images, angles, [1.0] * len(images))
    copies[2] = warp(images, [0.0] * len(images), scales)
    copies[3] = _noisy(images, seed, draw)
    return copies.flatten(0, 1)


def warp(images: Tensor, angles: Sequence[float], scales: Sequence[float]) -> Tensor:
    """Turn (degrees) and enlarge about the centre; the frame stays, what was outside it is black.

    images: uint8 `[n, H, W]`. Places between pixels are exact to float32, where OpenCV rounds them to
    1/32 of a pixel, depending on its version.
    """
    height, width = images.shape[1:]
    across = (height - 1) / (width - 1)  # affine_grid counts from -1 to 1 along both sides
    turn, size = np.radians(angles), np.asarray(scales)
    cosine, sine, none = np.cos(turn) / size, np.sin(turn) / size, np.zeros(len(images))
    matrices = np.stack([[cosine, -sine * across, none], [sine / across, cosine, none]]).transpose(2, 0, 1)
    theta = torch.from_numpy(matrices).to(images.device, torch.float32)
    parts = []
    for some, matrix in zip(images.split(AT_ONCE), theta.split(AT_ONCE), strict=True):
        grid = affine_grid(matrix, [len(some), 1, height, width], align_corners=True)
        parts.append(grid_sample(some[:, None].float(), grid, align_corners=True)[:, 0])
    return _greys(torch.cat(parts))


def _noisy(images: Tensor, seed: int, draw: int) -> Tensor:
    generator = torch.Generator(images.device)
    generator.manual_seed(int(np.random.SeedSequence([seed, draw]).generate_state(1)[0]))
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    return _greys(noise.mul_(NOISE_STD).add_(images))


def _greys(values: Tensor) -> Tensor:
    return values.round_().clamp_(0, 255).to(torch.uint8)

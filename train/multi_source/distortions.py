"""Changes of a crop that leave its diagnosis as it is, so that training does not hold on to them.

What differs between scanners, publishers and programs is drawn anew for each sample: where the crop
lies, its window, its sharpness, its compression, and everything outside the lungs. `strength` is a factor of
the ranges below; compression and chances are as they are.
"""

from __future__ import annotations

import cv2
import numpy as np

from train.data.lung_masks import disc
from train.data.occlusion import Grey, Mask
from train.multi_source.crops import AIR, TISSUE

Random = np.random.Generator

ROTATION = 12.0  # degrees, to either side
SCALE = 0.12  # of 1, each axis by itself
SHIFT = 0.06  # of the side
WINDOW = 22.0  # grey levels by which air and tissue move
GAMMA = 0.3  # of the logarithm
BLUR = (0.4, 1.4)  # pixels
NOISE = (1.0, 9.0)  # grey levels
QUALITY = (15, 80)  # of JPEG
KEPT = 7  # pixels round the lungs that are kept when what lies outside is replaced


def random_affine(
    image: Grey, lungs: Mask, opacities: Grey, rng: Random, strength: float = 1.0
) -> tuple[Grey, Mask, Grey]:
    """Mirrored, turned, scaled and shifted; lungs and opacities the same way."""
    height, width = image.shape
    angle = np.deg2rad(rng.uniform(-ROTATION * strength, ROTATION * strength))
    across, down = np.exp(rng.uniform(-SCALE * strength, SCALE * strength, 2))
    if rng.random() < 0.5:
        across = -across
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([across, down])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = rng.uniform(-SHIFT * strength, SHIFT * strength, 2) * (width, height)
    matrix = np.column_stack([linear, middle - linear @ middle + shift])
    border = int(rng.integers(256))
    picture = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
    mask = cv2.warpAffine(lungs.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST)
    hazy = cv2.warpAffine(opacities, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8), mask > 0, np.asarray(hazy, np.uint8)


def replace_outside(image: Grey, lungs: Mask, other: Grey, rng: Random) -> Grey:
    """Everything but the lungs and a rim replaced: by one level, or by another crop's outside."""
    kept = cv2.dilate(lungs.astype(np.uint8), disc(KEPT))
    if rng.random() < 0.5:
        filled: Grey = np.full_like(image, rng.integers(256))
    else:
        filled = np.maximum(other, np.uint8(TISSUE - 60))  # no second pair of lungs
    soft = cv2.blur(kept * np.float32(1), (3, 3))
    return np.asarray(np.rint(image * soft + filled * (1 - soft)), np.uint8)


def random_window(image: Grey, rng: Random, strength: float = 1.0) -> Grey:
    """Another window: air and tissue at other levels, a bend between them, bright ends cut off."""
    air, tissue = np.array([AIR, TISSUE]) + rng.uniform(-WINDOW * strength, WINDOW * strength, 2)
    place = np.clip((np.arange(256) - AIR) / (TISSUE - AIR), 0, None)
    below = np.minimum((np.arange(256) - AIR) / (TISSUE - AIR), 0)
    bent = place ** np.exp(rng.uniform(-GAMMA * strength, GAMMA * strength)) + below
    levels = np.clip(np.rint(air + bent * (tissue - air)), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, levels), np.uint8)


def degrade(image: Grey, rng: Random, strength: float = 1.0) -> Grey:
    """Blurred or sharpened, noisy, and compressed, each of them now and then."""
    draw = rng.random(3)
    if draw[0] < 0.3:
        blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(*BLUR) * strength)
        image = np.asarray(blurred, np.uint8)
    elif draw[0] < 0.5:
        blurred, amount = cv2.GaussianBlur(image, (0, 0), 1.2), rng.uniform(0.3, 1.5) * strength
        image = np.asarray(cv2.addWeighted(image, 1 + amount, blurred, -amount, 0), np.uint8)
    if draw[1] < 0.3:
        noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(*NOISE) * strength
        image = np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
    if draw[2] < 0.3:
        quality = int(rng.integers(*QUALITY))
        _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)
    return image

"""Opacities of one crop laid into the healthy lungs of another.

A source of healthy lungs alone would teach the network that source. With the opacities of other
sources in them, from slices with COVID-19 and from those of other diseases, it has both labels, and
nothing but the opacities tells them apart (compare Dwibedi et al. 2017, "Cut, Paste and Learn").
"""

from __future__ import annotations

import cv2
import numpy as np

from train.data.lung_masks import disc
from train.data.occlusion import Grey, Mask
from train.multi_source.crops import AIR, TISSUE

HAZY = AIR + 0.22 * (TISSUE - AIR)  # grey level above which blurred lung is no longer clear
LEAST = 0.015  # of the crop: fewer opacities are none worth moving


def opacity_map(image: Grey, lungs: Mask) -> Grey:
    """How much of each pixel is opacity, uint8 `[h, w]`, 255 for all; vessels are too thin to count."""
    hazy = (cv2.GaussianBlur(image, (0, 0), 1.5) > HAZY) & lungs
    opened = cv2.morphologyEx(hazy.astype(np.uint8), cv2.MORPH_OPEN, disc(7))
    wider = (cv2.dilate(opened, disc(5)) > 0) & lungs
    return np.asarray(cv2.GaussianBlur(wider * np.uint8(255), (0, 0), 1.5), np.uint8)


def has_enough(opacity: Grey) -> bool:
    return bool(opacity.mean() > 255 * LEAST)


def transplant(healthy: Grey, lungs: Mask, donor: Grey, opacity: Grey) -> Grey:
    """healthy with the donor's opacities, where both are lung; neither gets darker for it."""
    weight = opacity / np.float32(255) * cv2.GaussianBlur(lungs * np.float32(1), (0, 0), 1.0)
    brighter = np.maximum(healthy, donor)
    return np.asarray(np.rint(healthy * (1 - weight) + brighter * weight), np.uint8)

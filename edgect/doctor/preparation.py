"""Whether a slice becomes the same input of the network as where the bundle was made."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from edgect import golden
from edgect.bundle import Bundle
from edgect.doctor.report import Finding

PART = "pre-processing"
OPENCV = "opencv-python-headless"


def examine(*paths: str) -> Iterator[Finding]:
    """Decode and prepare the golden slice of every bundle that has one. paths: of bundles."""
    for path in paths:
        bundle = Bundle.load(path)
        if not golden.is_stored(bundle):
            continue
        wrong = golden.preparation(bundle)
        if wrong:
            used = f"Pillow {version('pillow')} and OpenCV {version(OPENCV)}"
            advice = f"install edgect again, with its own versions of Pillow and OpenCV: not {used}"
            yield Finding(PART, bundle.name, "fault", "; ".join(wrong), advice)
        else:
            yield Finding(PART, bundle.name, "ok", "the golden slice becomes the input that is stored")

"""How far pre-processing may depart from what a bundle has."""

from __future__ import annotations

import cv2
import pytest

from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden


@pytest.mark.parametrize(
    ("computed", "instead", "accepted"),
    [
        (cv2.INTER_LINEAR, cv2.INTER_LINEAR_EXACT, True),  # rounds about as OpenCV does on ARM64
        (cv2.INTER_LINEAR, cv2.INTER_CUBIC, False),
        (cv2.INTER_LINEAR, cv2.INTER_NEAREST, False),
        (cv2.INTER_AREA, cv2.INTER_LINEAR, False),
    ],
)
def test_rounding_is_told_from_another_interpolation(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle, computed: int, instead: int, accepted: bool
) -> None:
    resize = cv2.resize

    def otherwise(image: cv2.typing.MatLike, size: tuple[int, int], interpolation: int) -> cv2.typing.MatLike:
        return resize(image, size, interpolation=instead if interpolation == computed else interpolation)

    monkeypatch.setattr(cv2, "resize", otherwise)
    assert (golden.preparation(bundle) == []) is accepted

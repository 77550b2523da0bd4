"""Makes predictions from a bundle: a light CNN for COVID-19 on CT slices, on small CPUs, without torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgect.classifier import Classifier as Classifier
    from edgect.machine.version import __version__ as __version__
    from edgect.rows.prediction import Prediction as Prediction

__all__ = ["Classifier", "Prediction", "__version__"]

_HOMES = {
    "__version__": "edgect.machine.version",
    "Classifier": "edgect.classifier",
    "Prediction": "edgect.rows.prediction",
}


def __getattr__(name: str) -> Any:
    """Load numpy and OpenCV only for those who classify, and what knows versions for those who ask."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'edgect' has no attribute {name!r}")

"""Makes predictions from a bundle: a light CNN for COVID-19 on CT slices, on small CPUs, without torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgect.classifier import Classifier as Classifier
    from edgect.errors import ClusterError as ClusterError
    from edgect.errors import EdgectError as EdgectError
    from edgect.errors import EngineError as EngineError
    from edgect.errors import ModelError as ModelError
    from edgect.errors import NotInstalledError as NotInstalledError
    from edgect.errors import ScanError as ScanError
    from edgect.errors import UsageError as UsageError
    from edgect.machine.version import __version__ as __version__
    from edgect.model.bundles.bundle import Bundle as Bundle
    from edgect.rows.prediction import Prediction as Prediction
    from edgect.scans.options import Limits as Limits

__all__ = [
    "Bundle",
    "Classifier",
    "ClusterError",
    "EdgectError",
    "EngineError",
    "Limits",
    "ModelError",
    "NotInstalledError",
    "Prediction",
    "ScanError",
    "UsageError",
    "__version__",
]

_HOMES = {
    "__version__": "edgect.machine.version",
    "Bundle": "edgect.model.bundles.bundle",
    "Classifier": "edgect.classifier",
    "Limits": "edgect.scans.options",
    "Prediction": "edgect.rows.prediction",
} | dict.fromkeys((name for name in __all__ if name.endswith("Error")), "edgect.errors")


def __getattr__(name: str) -> Any:
    """Load numpy and OpenCV only for those who classify, and what knows versions for those who ask."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'edgect' has no attribute {name!r}")

"""Whether a slice becomes the same input of the network as where the bundle was made."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.diagnostics.doctor.packages import OPENCV, installed, versions
from edgect.diagnostics.doctor.report import Finding
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden

PART = "pre-processing"


def check_preprocessing(*paths: str) -> Iterator[Finding]:
    """Decode and prepare the golden slice of every bundle that has one. paths: of bundles."""
    for path in paths:
        bundle = Bundle.load(path)
        if not golden.is_stored(bundle):
            continue
        differences = golden.preparation(bundle)
        if differences:
            used = f"{installed('pillow', module='PIL')} and {installed(*OPENCV, module='cv2')}"
            yield Finding(PART, bundle.name, "fault", f"{'; '.join(differences)} (by {used})", _advice())
        else:
            yield Finding(PART, bundle.name, "ok", "the golden slice becomes the input that is stored")


def _advice() -> str:
    """Another OpenCV is taken off before: the files of all of them lie in one folder."""
    others = " ".join(name for name in versions(OPENCV) if name != OPENCV[0])
    before = f"pip uninstall {others}; " if others else ""
    return f"{before}pip install --force-reinstall --no-deps {OPENCV[0]} pillow"

"""A bundle: the folder of models and manifest that `deploy` writes, refused unless every hash matches."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgect.errors import ModelError

DEFAULT = "lungs"
SCHEMA = 2
BUNDLED = Path(__file__).parent
MANIFEST = "manifest.json"

# what of a manifest edgect works with, and what must hold of it
CHECKS: dict[str, Callable[[Any], bool]] = {
    "name": lambda name: isinstance(name, str) and name != "",
    "labels": lambda labels: len(labels) == 2 and all(isinstance(label, str) for label in labels),
    "input": lambda spec: [type(side) for side in spec["shape"]] == [int] * 3 and spec["steps"][:] != [],
    "window": lambda window: set(window) == {"level", "width"} and window["width"] > 0,
    "threshold": lambda threshold: 0 <= threshold <= 1,
    "temperature": lambda temperature: temperature > 0,
    "heat_map_scale": lambda scale: scale > 0,
    "gate": lambda gate: gate["limits"]["embedding"] > 0 and gate["limits"]["view"] > 0,
    "operating_points": lambda points: (
        "balanced" in points and all(0 <= point["threshold"] <= 1 for point in points.values())
    ),
    "conformal": lambda conformal: (
        len(conformal["scores"]) == 2
        and all(0 <= score <= 1 for scores in conformal["scores"].values() for score in scores)
    ),
    "files": lambda files: all(isinstance(part, str) for item in files.items() for part in item),
}


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. digest: SHA-256 of its manifest, which in turn holds those of the files."""

    name: str
    path: Path
    manifest: dict[str, Any]
    digest: str

    @classmethod
    def load(cls, model: str | os.PathLike[str] = DEFAULT) -> Bundle:
        """Open a bundled name or a folder, and check every file against the manifest.

        Raises ModelError: no such bundle, a manifest that cannot be used, a missing file, or one
        whose SHA-256 differs.
        """
        path = _locate(model)
        try:
            content = (path / MANIFEST).read_bytes()
            manifest = json.loads(content)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path / MANIFEST}: cannot be read ({error})") from error
        if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
            raise ModelError(f"{path / MANIFEST}: not a bundle manifest of schema {SCHEMA}")
        wrong = [key for key, right in CHECKS.items() if not _holds(right, manifest.get(key))]
        if wrong:
            raise ModelError(f"{path / MANIFEST}: {', '.join(wrong)} missing or not as it should be")
        bundle = cls(str(manifest["name"]), path, manifest, hashlib.sha256(content).hexdigest())
        for name in manifest["files"]:
            bundle.read(name)
        return bundle

    @property
    def is_bundled(self) -> bool:
        """Whether it travels in the wheel, so that every machine with edgect has it."""
        return self.path.parent == BUNDLED

    def read(self, name: str) -> bytes:
        """One file's content, known to be what the manifest says. Raises ModelError otherwise."""
        expected = self.manifest["files"].get(name)
        if expected is None:
            raise ModelError(f"{self.path}: the manifest lists no {name}")
        if Path(name).name != name:
            raise ModelError(f"{self.path}: {name!r} in the manifest is not a plain file name")
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path / name}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise ModelError(
                f"{self.path / name}: its SHA-256 is not the manifest's; the file is damaged or was "
                "changed, so the bundle is refused; install it again"
            )
        return content


def _holds(right: Callable[[Any], bool], value: Any) -> bool:
    try:
        return bool(right(value))
    except (TypeError, KeyError, AttributeError):
        return False


def bundled_names() -> list[str]:
    """Names of the bundles that travel in the wheel."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{MANIFEST}"))


def _locate(model: str | os.PathLike[str]) -> Path:
    name = os.fspath(model)
    if name in bundled_names():
        return BUNDLED / name
    if Path(name).is_dir():
        return Path(name)
    raise ModelError(f"no bundle {name!r}: neither a folder nor one of {', '.join(bundled_names())}")

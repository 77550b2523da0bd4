"""A bundle: the folder of models and manifest that `deploy` writes, refused unless every hash matches."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgect.errors import ModelError

DEFAULT = "cnn1"
SCHEMA = 1
BUNDLED = Path(__file__).parent / "bundles"
MANIFEST = "manifest.json"
REQUIRED = ("name", "version", "labels", "input", "threshold", "temperature", "heat_map_scale", "files")


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
        missing = [key for key in REQUIRED if key not in manifest]
        if missing:
            raise ModelError(f"{path / MANIFEST}: lacks {', '.join(missing)}")
        bundle = cls(str(manifest["name"]), path, manifest, hashlib.sha256(content).hexdigest())
        for name in manifest["files"]:
            bundle.read(name)
        return bundle

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

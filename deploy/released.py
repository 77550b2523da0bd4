"""The digests of the bundles that travel in the wheel, by which edgect knows them from others."""

from __future__ import annotations

import json

from edgect.errors import ModelError
from edgect.machine import atomic
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import BUNDLED, Bundle, bundled_names
from edgect.model.bundles.manifest import MANIFEST
from edgect.model.bundles.released import FILE


def digests() -> dict[str, str]:
    """SHA-256 of each bundle's manifest, by name. Raises ModelError for a bundle that is not whole."""
    return {name: _digest(name) for name in bundled_names()}


def write() -> None:
    """Write `digests` to the file that the wheel holds. Raises ModelError."""
    atomic.write(FILE, (json.dumps(digests(), indent=1) + "\n").encode())


def _digest(name: str) -> str:
    bundle = Bundle.load(BUNDLED / name, unfinished=True)
    if bundle.name != name:
        raise ModelError(
            f"{bundle.path}: its manifest calls it {bundle.name!r}; the folder must be called so"
        )
    if seal.STATE in bundle.manifest.document:  # those of before there were states have none
        seal.check(bundle.manifest.document, bundle.path / MANIFEST)
    return bundle.digest

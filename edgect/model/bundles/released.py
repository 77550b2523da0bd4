"""The digests of the bundles that edgect is released with, as `python -m deploy released` wrote them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("released.json")


@cache
def released_digests() -> dict[str, str]:
    """SHA-256 of each released bundle's manifest, by the bundle's name; none where the file is lost."""
    try:
        digests: dict[str, str] = json.loads(FILE.read_bytes())
    except (OSError, ValueError):
        return {}
    return digests

"""Each reading of a source's test part, written down beside its table: `TABLE.readings.jsonl`.

Slices that have been looked at often are no longer unseen, since what was chosen after a look hangs on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.machine import atomic


def earlier_readings(table: str | Path) -> list[dict[str, Any]]:
    """Those on record, the oldest first. Raises UsageError for a record that cannot be read."""
    file = _file(table)
    try:
        lines = file.read_text("utf-8").splitlines()
        return [dict(json.loads(line)) for line in lines if line.strip()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"{file}: readings of the test part cannot be read ({error}); mend the file, since it says how "
            "often those slices have been looked at"
        ) from error


def append_reading(
    table: str | Path, command: str, digest: str, bundles: Sequence[Mapping[str, str]]
) -> None:
    """Add one, which stays through a power cut.

    digest: of contents and labels, see `Contents`. bundles: what was measured, with `name` and `digest`.
    Raises UsageError where it cannot be written.
    """
    reading = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "sha256": digest,
        "bundles": [dict(bundle) for bundle in bundles],
    }
    file = _file(table)
    line = json.dumps(reading, ensure_ascii=False) + "\n"
    try:
        with open(file, "ab") as record:  # at once, so that two commands do not mix their lines
            record.write(line.encode())
            record.flush()
            os.fsync(record.fileno())
        atomic.sync_folder(file.parent)
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be written ({error.strerror}), and readings of the test part must be kept"
        ) from error


def _file(table: str | Path) -> Path:
    return Path(table).with_suffix(".readings.jsonl")

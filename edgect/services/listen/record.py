"""What a series was answered, kept for a while in case that more of it comes: rows and UIDs, no images.

A report on the whole series can then take the place of the first, though the first images are gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset

from edgect.rows.columns import PROVENANCE_COLUMNS
from edgect.rows.prediction import Prediction
from edgect.services.listen.answer import Said
from edgect.services.listen.headers import UNIQUE

KEPT = (*UNIQUE, "InstanceNumber")


@dataclass(frozen=True)
class Record:
    """report: its UIDs. number: of the report among those on the series, from 1."""

    report: Dataset
    number: int
    said: Sequence[Said]

    def still_true(self, images: Mapping[str, str], settings: Mapping[str, Any]) -> list[Said]:
        """What was said of images other than these, as long as it would be said in the same way today.

        images: names of files that are there, with their SHA-256.
        """
        rows = [one for one in self.said if images.get(one.path.name) is None]
        alike = all(
            getattr(one.prediction, name) == settings[name] for one in rows for name in PROVENANCE_COLUMNS
        )
        return rows if alike else []

    def holds(self, images: Mapping[str, str], settings: Mapping[str, Any]) -> bool:
        """Whether all of these were answered on, in the same way, and none with an error."""
        known = {one.path.name: one.prediction for one in self.said}
        return all(
            name in known
            and (known[name].sha256, known[name].status != "error") == (digest, True)
            and all(getattr(known[name], setting) == settings[setting] for setting in PROVENANCE_COLUMNS)
            for name, digest in images.items()
        )

    def dump(self) -> bytes:
        said = [
            {"file": one.path.name, "image": _named(one.image), "row": one.prediction.row()}
            for one in self.said
        ]
        return json.dumps({"report": _named(self.report), "number": self.number, "said": said}).encode()

    @classmethod
    def load(cls, path: Path) -> Record | None:
        """None where there is none, or none that can be read."""
        try:
            kept = json.loads(path.read_bytes())
            said = [
                Said(_dataset(one["image"]), Path(one["file"]), Prediction(**one["row"]), gone=True)
                for one in kept["said"]
            ]
            return cls(_dataset(kept["report"]), int(kept["number"]), said)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _named(dataset: Dataset) -> dict[str, str]:
    return {keyword: str(dataset[keyword].value) for keyword in KEPT if keyword in dataset}


def _dataset(names: Mapping[str, str]) -> Dataset:
    made = Dataset()
    for keyword in KEPT:
        if keyword in names:
            setattr(made, keyword, names[keyword])
    return made

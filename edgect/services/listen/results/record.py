"""The result of a series, remembered for a while in case that more of it comes: rows and UIDs, no images.

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
from edgect.services.listen.results.image_headers import UID_KEYWORDS
from edgect.services.listen.results.series_result import SliceResult

KEYWORDS = (*UID_KEYWORDS, "InstanceNumber")


@dataclass(frozen=True)
class ResultRecord:
    """report: its UIDs. number: of the report among those on the series, from 1."""

    report: Dataset
    number: int
    slices: Sequence[SliceResult]

    def still_valid(self, images: Mapping[str, str], settings: Mapping[str, Any]) -> list[SliceResult]:
        """The results of images other than these; none if they were made with other settings.

        images: names of files that are there, with their SHA-256.
        """
        remaining = [slice_ for slice_ in self.slices if images.get(slice_.path.name) is None]
        is_current = all(
            getattr(slice_.prediction, name) == settings[name]
            for slice_ in remaining
            for name in PROVENANCE_COLUMNS
        )
        return remaining if is_current else []

    def covers(self, images: Mapping[str, str], settings: Mapping[str, Any]) -> bool:
        """Whether there are results of all of these, with the same settings, and none is an error."""
        known = {slice_.path.name: slice_.prediction for slice_ in self.slices}
        return all(
            name in known
            and (known[name].sha256, known[name].status != "error") == (digest, True)
            and all(getattr(known[name], setting) == settings[setting] for setting in PROVENANCE_COLUMNS)
            for name, digest in images.items()
        )

    def dump(self) -> bytes:
        slices = [
            {"file": slice_.path.name, "image": _to_json(slice_.image), "row": slice_.prediction.row()}
            for slice_ in self.slices
        ]
        return json.dumps({"report": _to_json(self.report), "number": self.number, "said": slices}).encode()

    @classmethod
    def load(cls, path: Path) -> ResultRecord | None:
        """None where there is no record, or it cannot be read."""
        try:
            document = json.loads(path.read_bytes())
            slices = [
                SliceResult(
                    _from_json(entry["image"]), Path(entry["file"]), Prediction(**entry["row"]), deleted=True
                )
                for entry in document["said"]
            ]
            return cls(_from_json(document["report"]), int(document["number"]), slices)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _to_json(dataset: Dataset) -> dict[str, str]:
    return {keyword: str(dataset[keyword].value) for keyword in KEYWORDS if keyword in dataset}


def _from_json(values: Mapping[str, str]) -> Dataset:
    dataset = Dataset()
    for keyword in KEYWORDS:
        if keyword in values:
            setattr(dataset, keyword, values[keyword])
    return dataset

"""What edgect says of one slice: the typed result, and the row that every output format writes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from edgect.errors import Status

if TYPE_CHECKING:
    from edgect.model.preprocess.steps import Region


@dataclass(frozen=True)
class Prediction:
    """One answer, or the reason why there is none.

    path: as given, unresolved. status: `ok`, `rejected` (read, but not something to give an
    answer on) or `error`. label: `COVID-19`, `not COVID-19`, `indeterminate`, or empty without an
    answer.
    probability: of COVID-19, 0 to 1; None without an answer. reason: why there is no answer, or
    no label; else empty. frame: number from 0 in a file of several, else None.
    region: what the network saw, `slice` (the whole of it) or `lungs` (cropped to them); empty
    without an answer.
    model, bundle: name and the first twelve digits of the manifest's SHA-256. engine: the
    backend's version. threshold: at and above which the label is COVID-19. milliseconds:
    decoding, pre-processing and inference. sha256: of the file's content, empty when it could
    not be read. operating_point: that the threshold belongs to, empty for a threshold of the user's.
    error_rate: that the indeterminate band was asked for, None without one.
    series, instance: names of a DICOM series and file: salted hashes of their UIDs, or the UIDs
    themselves where asked for; empty for pictures. names: how they were made, `uid` or `hash-` and digits
    that tell one salt from another. position: in millimetres along the normal of the
    slices. normal: of the slice, towards the head, as "x y z" in the patient's coordinates of DICOM.
    window: level and width in Hounsfield units that greys were made with, empty for pictures.
    distance: Mahalanobis distance of the embedding to those of training slices, by which the gate judges;
    None where the network did not run.
    """

    path: str
    status: Status
    label: str
    probability: float | None
    reason: str
    frame: int | None
    region: Region | Literal[""]
    model: str
    bundle: str
    backend: str
    engine: str
    precision: str
    threads: int
    threshold: float
    milliseconds: float
    sha256: str
    operating_point: str = "balanced"
    error_rate: float | None = None
    series: str = ""
    instance: str = ""
    names: str = ""
    position: float | None = None
    normal: str = ""
    window: str = ""
    distance: float | None = None
    heat_map: str = ""
    """File that the heat map was written to, by those who write one."""
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    """The slice, uint8 `[height, width]`; only when asked for."""
    evidence: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """Log-odds of COVID-19 by place, float32 `[height, width]`; only when asked for.

    The class activation map of Zhou et al. 2016 as a difference of the two classes. Its mean
    over the network's input is the log-odds of `probability` before temperature scaling.
    """

    def row(self) -> dict[str, str | int | float | None]:
        """The columns, in order; arrays are left out."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(f.name for f in fields(Prediction) if f.name not in ("pixels", "evidence"))
SETTINGS = ("bundle", "backend", "engine", "precision", "threshold", "operating_point", "error_rate")
"""The columns that say how an answer was come to; threads change nothing in it."""

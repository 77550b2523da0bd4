"""What edgect says of one slice: the typed result, and the row that every output format writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from edgect.errors import Status
from edgect.rows.columns import COLUMNS

if TYPE_CHECKING:
    from edgect.model.preprocess.steps import Region


@dataclass(frozen=True)
class Prediction:
    """One answer, or the reason why there is none.

    Attributes
    ----------
    path, status, ..., kernel
        The columns of a row, each explained in `edgect.rows.columns`.
    pixels : ndarray of uint8, shape (height, width), optional
        The slice; only where evidence was asked for. A rejected slice has it too, if it could be read.
    hounsfield : ndarray of float32, shape (height, width), optional
        What `pixels` shows through a window, in Hounsfield units; where there is `pixels`, and none for
        pictures.
    evidence : ndarray of float32, shape (height, width), optional
        Log-odds of COVID-19 by place; only where asked for, and where there is an answer. The class
        activation map of Zhou et al. 2016 as a difference of the two classes: its mean over the network's
        input is the log-odds of `probability` before temperature scaling.
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
    edgect: str = ""
    operating_point: str = "balanced"
    error_rate: float | None = None
    study: str = ""
    series: str = ""
    instance: str = ""
    names: str = ""
    position: float | None = None
    normal: str = ""
    window: str = ""
    distance: float | None = None
    heat_map: str = ""
    series_number: int | None = None
    series_description: str = ""
    kernel: str = ""
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)
    hounsfield: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    evidence: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    def row(self) -> dict[str, str | int | float | None]:
        """Return the columns, in order; arrays are left out."""
        return {name: getattr(self, name) for name in COLUMNS}

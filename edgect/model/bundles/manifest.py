"""manifest.json: what edgect reads of it as typed sections, and what must hold of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edgect.errors import ModelError
from edgect.model.bundles.seal import text_of
from edgect.model.bundles.sections import (
    POSITIVE,
    PROBABILITY,
    Section,
    is_name,
    is_number,
    is_object,
    is_positive,
    is_probability,
    is_real,
    is_text,
    list_of,
    mapping_of,
)

MANIFEST = "manifest.json"
SHARE = "a number between 0 and 1"
SCHEMA = 2
DTYPES = ("uint8",)

# Sections are named tuples: a dataclass each would take half a millisecond of every start.


class InputSpec(NamedTuple):
    """The network's input. shape: (channels, height, width). steps: the pre-processing that makes it."""

    name: str
    dtype: str
    shape: tuple[int, int, int]
    steps: Sequence[Mapping[str, Any]]


class CTWindow(NamedTuple):
    """The window, in Hounsfield units, through which the network sees CT data."""

    level: float
    width: float


class GateLimits(NamedTuple):
    """Mahalanobis distances beyond which the out-of-distribution detector rejects a slice."""

    embedding: float
    view: float


class SeriesLimits(NamedTuple):
    """Shares of a series' slices between which its label is indeterminate, and the rate of errors allowed."""

    low: float
    high: float
    error_rate: float


class GoldenAnswers(NamedTuple):
    """What the network answers to the golden slice.

    pixels: SHA-256 of the decoded pictures, by file. answers, tolerance: by `BACKEND PRECISION`,
    then by output.
    """

    pixels: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Sequence[float]]]
    tolerance: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Manifest:
    """A valid manifest.

    labels: not COVID-19, COVID-19. threshold: of the probability after temperature scaling. operating_points:
    their thresholds, by name. conformal_scores: by label. files: SHA-256 by name. golden: None where the
    bundle has no golden answers. series_rule: None where it has no limits of its own. refused_backends: why,
    by name, the bundle is not for an engine. document: the whole of it as JSON has it, with the sections that
    describe the bundle to people (training, metrics, parity and others).
    """

    schema: int
    name: str
    version: str
    labels: tuple[str, str]
    input: InputSpec
    window: CTWindow
    threshold: float
    temperature: float
    heat_map_scale: float
    gate: GateLimits
    operating_points: Mapping[str, float]
    conformal_scores: Mapping[str, Sequence[float]]
    series_rule: SeriesLimits | None
    golden: GoldenAnswers | None
    files: Mapping[str, str]
    refused_backends: Mapping[str, str]
    document: Mapping[str, Any]

    @classmethod
    def from_json(cls, content: str | bytes, file: Path) -> Manifest:
        """Read what `to_json` wrote. Raises ModelError, which names `file`."""
        try:
            document = json.loads(content)
        except ValueError as error:
            raise ModelError(f"{file}: cannot be read ({error})") from error
        return cls.of(document, file)

    @classmethod
    def of(cls, document: Any, file: Path) -> Manifest:
        """Validate a manifest. Raises ModelError, which names `file` and every wrong key."""
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ModelError(f"{file}: not a bundle manifest of schema {SCHEMA}")
        faults: list[str] = []
        root = Section(document, "", faults)
        labels = root.take("labels", _are_labels, "a list of two different names", ("", ""))
        manifest = cls(
            schema=SCHEMA,
            name=root.take("name", is_name, "text that is not empty"),
            version=root.take("version", is_text, "text"),
            labels=(labels[0], labels[1]),
            input=_input(root.section("input")),
            window=_window(root.section("window")),
            threshold=root.take("threshold", is_probability, PROBABILITY),
            temperature=root.take("temperature", is_positive, POSITIVE),
            heat_map_scale=root.take("heat_map_scale", is_positive, POSITIVE),
            gate=_gate(root.section("gate").section("limits")),
            operating_points=_operating_points(root.section("operating_points")),
            conformal_scores=_scores(root.section("conformal").section("scores"), labels),
            series_rule=_series_rule(root.section("series_rule")) if "series_rule" in document else None,
            golden=_golden(root.section("golden")) if document.get("golden") is not None else None,
            files=root.take("files", mapping_of(is_text), "an object with a SHA-256 for each file"),
            refused_backends=root.take("refused_backends", mapping_of(is_name), "an object with reasons")
            if "refused_backends" in document
            else {},
            document=document,
        )
        if faults:
            raise ModelError(
                f"{file}: {'; '.join(faults)}. The bundle is damaged or was changed: copy it "
                "again from where it was made"
            )
        return manifest

    def to_json(self) -> str:
        """The file's text; what was read from a bundle that `deploy` wrote is the same to the byte."""
        return text_of(self.document)


def _input(section: Section) -> InputSpec:
    shape = section.take("shape", _is_shape, "a list of channels, height and width", (0, 0, 0))
    return InputSpec(
        name=section.take("name", is_name, "text that is not empty"),
        dtype=section.take("dtype", DTYPES.__contains__, " or ".join(DTYPES)),
        shape=(shape[0], shape[1], shape[2]),
        steps=section.take("steps", _are_steps, "a list of pre-processing steps"),
    )


def _window(section: Section) -> CTWindow:
    return CTWindow(
        section.take("level", is_number, "a number"), section.take("width", is_positive, POSITIVE)
    )


def _gate(section: Section) -> GateLimits:
    return GateLimits(*(section.take(key, is_positive, POSITIVE) for key in ("embedding", "view")))


def _operating_points(section: Section) -> dict[str, float]:
    names = dict.fromkeys(("balanced", *(section.values or ())))
    return {name: section.section(name).take("threshold", is_probability, PROBABILITY) for name in names}


def _scores(section: Section, labels: Sequence[str]) -> dict[str, Sequence[float]]:
    expected = "a list of numbers from 0 to 1"
    return {label: section.take(label, list_of(is_probability), expected) for label in labels if label}


def _series_rule(section: Section) -> SeriesLimits:
    limits = SeriesLimits(*(section.take(key, _is_share, SHARE) for key in SeriesLimits._fields))
    if None not in limits and limits.low > limits.high:
        section.take("low", lambda low: low <= limits.high, "at most series_rule.high")
    return limits


def _golden(section: Section) -> GoldenAnswers:
    of_text, of_numbers = mapping_of(is_text), mapping_of(mapping_of(list_of(is_real)))
    return GoldenAnswers(
        pixels=section.take("pixels", of_text, "an object with a SHA-256 for each picture"),
        answers=section.take("answers", of_numbers, "an object with lists of numbers for each engine"),
        tolerance=section.take(
            "tolerance", mapping_of(mapping_of(is_real)), "an object with numbers for each engine"
        ),
    )


def _is_share(value: Any) -> bool:
    return is_number(value) and 0 < value < 1


def _are_labels(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_name, value)) and value[0] != value[1]


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and [type(side) for side in value] == [int] * 3 and min(value) > 0


def _are_steps(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(map(is_object, value))

"""Whether the same scans get the same answers again, with the bundle and settings that the trail names."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from edgect.audit.answers import Group, Said, Settings, gather
from edgect.audit.contents import DECIMALS
from edgect.audit.verification import intact_lines
from edgect.errors import ScanError
from edgect.machine.version import __version__
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.pipeline import Pipeline
from edgect.rows.identifiers import Identifiers
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, Window, find_scans, read_bytes, read_frames

MAX_DIFFERENCES = 1000  # that are kept; all are counted


class Difference(NamedTuple):
    """number: of the first line that says so. lines: that do. now: None where there is no such frame."""

    number: int
    lines: int
    path: str
    before: Said
    now: Said | None


@dataclass
class Replay:
    """Numbers of lines. not_replayed: by the reason. differing: lines with another answer now.

    by_instance: lines whose file is another one, byte for byte, but has the same SOP Instance UID. versions:
    of edgect and engines, in the trail and here.
    """

    lines: int = 0
    replayed: int = 0
    differing: int = 0
    by_instance: int = 0
    not_replayed: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    versions: tuple[str, ...] = ()

    def compare(self, group: Group, path: str, predictions: Iterable[Prediction], tolerance: float) -> None:
        now = {prediction.frame: _said(prediction) for prediction in predictions}
        for said, (number, lines) in group.said.items():
            self.replayed += lines
            if not _same(said, now.get(said.frame), tolerance):
                self.differing += lines
                if len(self.differences) < MAX_DIFFERENCES:
                    self.differences.append(Difference(number, lines, path, said, now.get(said.frame)))


def replay(
    files: Sequence[Path],
    scans: Iterable[str],
    *,
    models: Sequence[str] = (),
    threads: int | None = None,
    limits: Limits | None = None,
    tolerance: float = 0.0,
    progress: Callable[[int, int], object] = lambda *_: None,
) -> Replay:
    """Classify scans again that a trail has answers on.

    files: of the trail. scans: files and folders. models: bundle folders, besides the bundled ones.
    tolerance: by which probabilities may differ. Raises UsageError, ModelError, EngineError, AlteredError.
    """
    limits, identifiers = limits or Limits(), Identifiers()
    gathered = gather(intact_lines(files), identifiers.kind)
    done = Replay(lines=gathered.lines, not_replayed=gathered.unusable)
    pipelines = _Pipelines(models, threads, limits)
    waiting = list(_usable(gathered.groups, pipelines, done))
    found = _Waiting(waiting, identifiers)
    paths = find_scans(list(scans))
    for number, path in enumerate(paths):
        progress(number, len(paths))
        with suppress(ScanError):
            content = read_bytes(path, limits)
            groups, same_bytes = found.take(content, path, limits)
            for group in groups:
                pipeline = pipelines.get(group.settings)
                done.compare(group, path, pipeline.classify_content(content, path), tolerance)
                done.by_instance += 0 if same_bytes else group.lines
    progress(len(paths), len(paths))
    if missing := sum(group.lines for group in found.left()):
        done.not_replayed["are on scans that are not there"] += missing
    here = {f"edgect {__version__}", *pipelines.engines()}
    done.versions = tuple(sorted(version for version in gathered.versions if version not in here))
    return done


class _Waiting:
    """Groups until their scan is met: by its content, or else by its SOP Instance UID."""

    def __init__(self, groups: Iterable[Group], identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._by_scan: defaultdict[str, list[Group]] = defaultdict(list)
        self._by_instance: defaultdict[str, list[Group]] = defaultdict(list)
        self._taken: set[int] = set()
        for group in groups:
            self._by_scan[group.scan].append(group)
            if group.instance:
                self._by_instance[group.instance].append(group)

    def take(self, content: bytes, path: str, limits: Limits) -> tuple[list[Group], bool]:
        """Those that wait for a file, and whether its content is what they name."""
        scan = self._identifiers.name(hashlib.sha256(content).hexdigest())
        if scan in self._by_scan:
            return self._take(self._by_scan[scan]), True
        if not self._by_instance:
            return [], False
        first = next(iter(read_frames(content, path, limits, Window())), None)
        origin = None if first is None else first.origin
        instance = "" if origin is None else self._identifiers.name(origin.instance)
        return self._take(self._by_instance.get(instance, [])), False

    def left(self) -> Iterator[Group]:
        return (
            group for groups in self._by_scan.values() for group in groups if id(group) not in self._taken
        )

    def _take(self, groups: Iterable[Group]) -> list[Group]:
        new = [group for group in groups if id(group) not in self._taken]
        self._taken |= {id(group) for group in new}
        return new


class _Pipelines:
    """A loaded model for each of the settings that a trail names."""

    def __init__(self, models: Sequence[str], threads: int | None, limits: Limits) -> None:
        self._models = {
            bundle.digest[:12]: os.fspath(bundle.path)
            for bundle in map(Bundle.load, [*bundled_names(), *models])
        }
        self._threads, self._limits = threads, limits
        self._loaded: dict[Settings, Pipeline] = {}

    def has(self, bundle: str) -> bool:
        return bundle in self._models

    def get(self, settings: Settings) -> Pipeline:
        if settings not in self._loaded:
            point = settings.operating_point
            self._loaded[settings] = Pipeline(
                self._models[settings.bundle],
                settings.backend,
                settings.precision,
                self._threads,
                None if point else settings.threshold,
                operating_point=point or None,
                limits=self._limits,
                error_rate=settings.error_rate,
            )
        return self._loaded[settings]

    def engines(self) -> set[str]:
        return {f"{each.engine.backend} {each.engine.version}" for each in self._loaded.values()}


def _usable(groups: Iterable[Group], pipelines: _Pipelines, done: Replay) -> Iterator[Group]:
    for group in groups:
        if pipelines.has(group.settings.bundle):
            yield group
        else:
            done.not_replayed[f"are of bundle {group.settings.bundle} (give its folder by --model)"] += (
                group.lines
            )


def _said(prediction: Prediction) -> Said:
    probability = prediction.probability
    return Said(
        prediction.frame,
        prediction.status,
        prediction.label,
        None if probability is None else round(probability, DECIMALS),
    )


def _same(before: Said, now: Said | None, tolerance: float) -> bool:
    if now is None or before[:3] != now[:3]:
        return False
    if before.probability is None or now.probability is None:
        return before.probability == now.probability
    return abs(before.probability - now.probability) <= tolerance

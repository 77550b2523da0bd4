"""The record of an export: what the bundle was made of, by which code, and what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.trained_runs import TrainedRun
from edgect import provenance
from edgect.model.bundles.bundle import Bundle
from edgect.sources.contents import Contents, read_contents
from edgect.sources.labels import Case
from train.data.covid_ct import Part
from train.finetune.run import FinetuneRun
from train.run import Run, file_sha256

COMMAND = "deploy export"
FIGURES = (
    "threshold",
    "temperature",
    "heat_map_scale",
    "metrics",
    "parity",
    "parity_by_part",
    "parity_by_processor",
    "refused_backends",
    "gate",
    "operating_points",
    "conformal",
    "calibration_error",
)  # of a manifest


def check(file: Path) -> None:
    """Before anything slow. Raises UsageError where FILE is there and no record of an export."""
    provenance.earlier(file, COMMAND)


def write(
    file: Path,
    arguments: Mapping[str, Any],
    trained_run: TrainedRun,
    bundle: Path,
    data: Path,
    seed: int,
    read_test: bool,
) -> list[str]:
    """Write the record of a bundle that is finished; in sentences, what differs from the one in FILE.

    It has `provenance.record`'s names, and `run`: SHA-256 of each file of the run, by name. tables: the
    hospital's own, and the slices of released sources that were read, as `released`. figures: the
    manifest's. Raises UsageError where it cannot be written.
    """
    loaded = Bundle.load(bundle)
    content = provenance.record(
        COMMAND,
        arguments,
        tables=_tables(trained_run, data, read_test),
        bundles=[loaded],
        seed=seed,
        figures={
            name: loaded.manifest.document[name] for name in FIGURES if name in loaded.manifest.document
        },
    )
    return provenance.write({**content, "run": _files(trained_run.run)}, file)


def _tables(trained_run: TrainedRun, data: Path, read_test: bool) -> dict[str, Contents]:
    tables: dict[str, Contents] = {}
    if isinstance(trained_run.run, FinetuneRun):
        tables |= {name: table.fixed for name, table in trained_run.run.own_tables().items()}
    read: tuple[Part, ...] = ("train", "val", "test") if read_test else ("train", "val")
    items = (item for part in read for own in trained_run.parts(data, part).values() for item in own)
    released = {item.path: item.label for item in items if not Path(item.path).is_absolute()}
    if released:
        cases = [Case(str(data / path), label) for path, label in sorted(released.items())]
        tables["released"] = read_contents(data, cases)
    return tables


def _files(run: Run) -> dict[str, str]:
    return {
        path.relative_to(run.path).as_posix(): file_sha256(path)
        for path in sorted(run.path.rglob("*"))
        if path.is_file()
    }

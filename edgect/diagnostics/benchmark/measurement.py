"""The whole of `edgect benchmark`: every engine takes its turn at every kind of work."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import PIL

from edgect.diagnostics.benchmark import phantom
from edgect.diagnostics.benchmark.candidate import Candidate, Name
from edgect.diagnostics.benchmark.figures import Measurements, compare_precisions, figures
from edgect.diagnostics.benchmark.notes import notes
from edgect.diagnostics.benchmark.report import NOTICE, SCHEMA, BenchmarkReport, Slices, Unusable
from edgect.diagnostics.benchmark.turns import take_turns
from edgect.diagnostics.machine import describe_machine
from edgect.errors import EngineError, UsageError
from edgect.machine.version import __version__
from edgect.model.backends import BACKENDS, PRECISIONS, available_cores
from edgect.model.bundles.bundle import DEFAULT
from edgect.rows.prediction import Prediction
from edgect.scans import find_scans

INVENTED = 32  # slices, where none are given
TIMED = 32  # files that latencies are taken on, at most
PASS = 32  # slices of a pass through a folder for each core, at least: it must outlast its two ends
ROUNDS, PASSES, STARTS = 3, 2, 3  # at least, however little time there is


def run_benchmark(
    paths: Sequence[str] = (),
    *,
    backends: Sequence[str] = (),
    precisions: Sequence[str] = PRECISIONS,
    model: str = DEFAULT,
    threads: int | None = None,
    seconds: float = 30.0,
    report_progress: Callable[[str], object] = lambda stage: None,
) -> BenchmarkReport:
    """Measure on the scans in `paths`, files or folders, or on invented slices where there are none.

    backends: those that must be there; where none are named, all that can be used. precisions: both
    where none are named. threads: all
    cores by default. seconds: latencies, passes through the folder and starts are repeated for a
    third of them each, and a few times at the least. report_progress: is called with what is
    measured next.

    Raises UsageError (a missing path, no scan that gets an answer, an unknown backend or
    precision), ModelError (the bundle is missing or damaged), EngineError (no engine can be used,
    or one that was named cannot).
    """
    with tempfile.TemporaryDirectory(prefix="edgect-benchmark-") as work:
        inputs = list(paths) or [_invented(Path(work, "slices"))]
        files = find_scans(inputs)
        report_progress("loading")
        candidates, unusable = _load(backends, precisions, model, threads)
        report_progress("answers of every engine")
        predictions = {c.name: c.predictions(files) for c in candidates}
        usable, slices = _usable(predictions, files, "given" if paths else "invented")
        repeats = -(-PASS * (threads or available_cores()) // slices.answered)
        timed, cache = usable[:: -(-len(usable) // TIMED)], Path(work, "cache")

        report_progress("latencies")
        latencies = take_turns({c.name: c.latencies(timed) for c in candidates}, seconds / 3, ROUNDS)
        report_progress("passes through the folder")
        passes = take_turns({c.name: c.folder(usable * repeats) for c in candidates}, seconds / 3, PASSES)
        report_progress("starts of fresh processes")
        starters = {c.name: c.starts(timed[0], cache) for c in candidates}
        first = {name: start() for name, start in starters.items()}
        starts = take_turns(starters, seconds / 3, STARTS)
        report_progress("memory for the folder")
        whole = {c.name: c.whole_folder(inputs, cache) for c in candidates}

    engines = [
        figures(
            c.engine,
            Measurements(latencies[c.name], passes[c.name], first[c.name], starts[c.name], whole[c.name]),
            slices.answered * repeats,
        )
        for c in candidates
    ]
    this_machine, bundle = describe_machine(), candidates[0].bundle
    return BenchmarkReport(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=this_machine,
        versions=_versions(),
        model=bundle.name,
        digest=bundle.digest,
        threads=threads,
        slices=slices,
        engines=engines,
        int8_to_fp32=compare_precisions(engines, predictions),
        unusable=unusable,
        notes=notes(this_machine, slices, engines),
    )


def _invented(folder: Path) -> str:
    folder.mkdir()
    phantom.write(folder, INVENTED)
    return str(folder)


def _load(
    named: Sequence[str], precisions: Sequence[str], model: str, threads: int | None
) -> tuple[list[Candidate], list[Unusable]]:
    candidates: list[Candidate] = []
    unusable: list[Unusable] = []
    for backend in dict.fromkeys(named or BACKENDS):
        try:
            candidates += [
                Candidate(backend, p, model, threads) for p in dict.fromkeys(precisions or PRECISIONS)
            ]
        except EngineError as error:
            if named:
                raise
            unusable.append(Unusable(backend, str(error)))
    if not candidates:
        raise EngineError("; ".join(engine.reason for engine in unusable))
    return candidates, unusable


def _usable(
    predictions: Mapping[Name, Sequence[Prediction]], files: Sequence[str], source: str
) -> tuple[list[str], Slices]:
    """The files that are answered on in full, by every engine."""
    unanswered = {row.path: row.reason for rows in predictions.values() for row in rows if row.status != "ok"}
    usable = [path for path in files if path not in unanswered]
    if not usable:
        path, reason = next(iter(unanswered.items()))
        raise UsageError(
            f"nothing to measure on: no file of {len(files)} gets an answer ({path!r}: {reason})"
        )
    rows = next(iter(predictions.values()))
    count = sum(row.path not in unanswered for row in rows)
    return usable, Slices(source, len(files), count, len(rows) - count)


def _versions() -> dict[str, str]:
    return {
        "edgect": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }

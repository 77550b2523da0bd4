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

from edgect.diagnostics import machine
from edgect.diagnostics.benchmark import phantom
from edgect.diagnostics.benchmark.contender import Contender, Name
from edgect.diagnostics.benchmark.figures import Measured, compared, figures
from edgect.diagnostics.benchmark.notes import notes
from edgect.diagnostics.benchmark.report import NOTICE, SCHEMA, Report, Slices, Unusable
from edgect.diagnostics.benchmark.turns import take_turns
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


def measure(
    paths: Sequence[str] = (),
    *,
    backends: Sequence[str] = (),
    precisions: Sequence[str] = PRECISIONS,
    model: str = DEFAULT,
    threads: int | None = None,
    seconds: float = 30.0,
    say: Callable[[str], object] = lambda stage: None,
) -> Report:
    """Measure on the scans in `paths`, files or folders, or on invented slices where there are none.

    backends: those that must be there; where none are named, all that can be used. precisions: both
    where none are named. threads: all
    cores by default. seconds: latencies, passes through the folder and starts are repeated for a
    third of them each, and a few times at the least. say: is told what is measured next.

    Raises UsageError (a missing path, no scan that gets an answer, an unknown backend or
    precision), ModelError (the bundle is missing or damaged), EngineError (no engine can be used,
    or one that was named cannot).
    """
    with tempfile.TemporaryDirectory(prefix="edgect-benchmark-") as work:
        given = list(paths) or [_invented(Path(work, "slices"))]
        files = find_scans(given)
        say("loading")
        contenders, unusable = _load(backends, precisions, model, threads)
        say("answers of every engine")
        answers = {c.name: c.answers(files) for c in contenders}
        usable, slices = _usable(answers, files, "given" if paths else "invented")
        repeats = -(-PASS * (threads or available_cores()) // slices.answered)
        timed, cache = usable[:: -(-len(usable) // TIMED)], Path(work, "cache")

        say("latencies")
        latencies = take_turns({c.name: c.latencies(timed) for c in contenders}, seconds / 3, ROUNDS)
        say("passes through the folder")
        passes = take_turns({c.name: c.folder(usable * repeats) for c in contenders}, seconds / 3, PASSES)
        say("starts of fresh processes")
        starters = {c.name: c.starts(timed[0], cache) for c in contenders}
        first = {name: start() for name, start in starters.items()}
        starts = take_turns(starters, seconds / 3, STARTS)
        say("memory for the folder")
        whole = {c.name: c.whole(given, cache) for c in contenders}

    found = [
        figures(
            c.engine,
            Measured(latencies[c.name], passes[c.name], first[c.name], starts[c.name], whole[c.name]),
            slices.answered * repeats,
        )
        for c in contenders
    ]
    here, bundle = machine.describe_machine(), contenders[0].bundle
    return Report(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=here,
        versions=_versions(),
        model=bundle.name,
        digest=bundle.digest,
        threads=threads,
        slices=slices,
        engines=found,
        int8_to_fp32=compared(found, answers),
        unusable=unusable,
        notes=notes(here, slices, found),
    )


def _invented(folder: Path) -> str:
    folder.mkdir()
    phantom.write(folder, INVENTED)
    return str(folder)


def _load(
    named: Sequence[str], precisions: Sequence[str], model: str, threads: int | None
) -> tuple[list[Contender], list[Unusable]]:
    contenders: list[Contender] = []
    unusable: list[Unusable] = []
    for backend in dict.fromkeys(named or BACKENDS):
        try:
            contenders += [
                Contender(backend, p, model, threads) for p in dict.fromkeys(precisions or PRECISIONS)
            ]
        except EngineError as error:
            if named:
                raise
            unusable.append(Unusable(backend, str(error)))
    if not contenders:
        raise EngineError("; ".join(engine.reason for engine in unusable))
    return contenders, unusable


def _usable(
    answers: Mapping[Name, Sequence[Prediction]], files: Sequence[str], source: str
) -> tuple[list[str], Slices]:
    """The files that are answered on in full, by every engine."""
    unanswered = {row.path: row.reason for rows in answers.values() for row in rows if row.status != "ok"}
    usable = [path for path in files if path not in unanswered]
    if not usable:
        path, reason = next(iter(unanswered.items()))
        raise UsageError(
            f"nothing to measure on: no file of {len(files)} gets an answer ({path!r}: {reason})"
        )
    rows = next(iter(answers.values()))
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

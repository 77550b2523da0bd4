"""`edgect classify --report FILE`: the page of `edgect.report`, written as the rows come."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgect.batch.output import partial_of
from edgect.errors import UsageError
from edgect.rows.formats import Row
from edgect.rows.prediction import Prediction
from edgect.scans.files.remote import local

if TYPE_CHECKING:
    from edgect.pipeline import Pipeline
    from edgect.report.raw import RawFile
    from edgect.report.thumbnail import Pictures

SUFFIXES = (".html", ".htm")


class ReportFile:
    """Grows in FILE.partial, its pictures waiting in FILE.pictures; both are gone once FILE is there.

    An interrupted run leaves both. With `--resume`, the pictures of kept rows are taken from the latter.
    """

    evidence = True

    def __init__(self, path: Path, pipeline: Pipeline, command: str, resume: bool) -> None:
        """command: how the run was started, for the reader."""
        from edgect.machine.version import __version__  # takes 10 ms, which runs without a report are spared
        from edgect.report.page import Run, Tally
        from edgect.report.spool import Spool

        decision, bundle, engine = pipeline.decision, pipeline.bundle, pipeline.engine
        date = datetime.now().astimezone().isoformat(" ", "seconds")
        made_with = (f"bundle {bundle.digest}", engine.backend, engine.version, engine.precision)
        self._run = Run(
            labels=decision.labels,
            threshold=decision.threshold,
            scale=bundle.manifest.heat_map_scale,
            date=date,
            facts={
                "model": bundle.name,
                "bundle": bundle.identity,
                "engine": f"{engine.backend} {engine.version}",
                "precision": engine.precision,
                "threads": str(engine.threads),
                "threshold": str(decision.threshold),
                "operating point": decision.operating_point or "none (a threshold was given)",
                "edgect": __version__,
                "command": command,
            },
        )
        self.render = partial(_pictures, scale=self._run.scale)
        self._path, self._tally, self._number = path, Tally(), 0
        self._spool = Spool(pictures_of(path), f"pictures of {__version__}, {', '.join(made_with)}", resume)
        self._file: RawFile | None = None

    def still_has(self, row: Row) -> bool:
        return _key(row) in self._spool

    def store(self, rendered: Pictures | None, row: Row) -> None:
        self._spool.put(_key(row), rendered)

    def add(self, row: Row) -> None:
        from edgect.report.row import markup

        self._number += 1
        self._tally.add(row, self._run)
        pictures = self._spool.take(_key(row))
        line = markup(self._number, row, pictures, self._run.labels, self._run.threshold)
        self._page().append(line.encode())

    def finish(self) -> None:
        from edgect.report.page import page_end, page_start

        page = self._page()
        page.append(page_end())
        page.overwrite(0, page_start(self._run, self._tally))
        page.close()
        try:
            os.replace(partial_of(self._path), self._path)
        except OSError as error:
            raise UsageError(f"{self._path}: cannot be written ({error.strerror})") from error
        self._spool.remove()

    def _page(self) -> RawFile:
        """Opened with the first row: a run that fails before leaves nothing behind."""
        if self._file is None:
            from edgect.report.page import page_start
            from edgect.report.raw import RawFile

            self._file = RawFile(partial_of(self._path))
            self._file.append(page_start(self._run))
        return self._file


def check(path: Path, inputs: Sequence[str]) -> None:
    """Before anything slow. Raises UsageError where the page cannot go to `path`."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--report {path}: is a web page; its name must end in .html")
    if any(os.path.realpath(local(name)) == os.path.realpath(path) for name in inputs):
        raise UsageError(f"--report {path} is one of the inputs; name another file")
    if path.exists() and not path.is_file():
        raise UsageError(f"--report {path}: not a regular file")
    if not path.parent.is_dir():
        raise UsageError(f"--report {path}: there is no folder {path.parent}")


def owns(page: Path, path: str | os.PathLike[str]) -> bool:
    """Whether a file is the page, or what a run writes on the way to it."""
    own = {os.path.realpath(part) for part in (page, partial_of(page), pictures_of(page))}
    return os.path.realpath(path) in own


def pictures_of(path: Path) -> Path:
    return path.with_name(path.name + ".pictures")


def _pictures(prediction: Prediction, scale: float) -> Pictures | None:
    from edgect.report.thumbnail import pictures

    if prediction.pixels is None or prediction.evidence is None:
        return None
    return pictures(prediction.pixels, prediction.evidence, scale)


def _key(row: Row) -> str:
    """Of a row's pictures: they hang on the content alone, given what `Spool` was made with."""
    return f"{row['sha256']}.{'' if row['frame'] is None else row['frame']}"

"""What becomes of other projects' files: `python -m tests.others_files FOLDER`.

FOLDER holds a folder of unpacked files for each package, named by the package and its version, for instance
of `pip download --no-deps --no-binary :all: pydicom`. It is classified twice by one command, and what came
of it is printed, and written by `--markdown FILE`. Any fault ends with exit code 1: a file without a row, a
word on stderr that is not edgect's, a row that differs the second time, a reason that says nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from edgect.rows import NOTICE
from edgect.rows.formats import printable

STATUSES = ("ok", "rejected", "error")
SYSTEM_FILES = ("thumbs.db", "desktop.ini", "__macosx")
OWN_WORDS = re.compile(rf"(?:\d+ rows: .*|{re.escape(NOTICE)}|)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SAYS_NOTHING = re.compile(r"0x[0-9a-f]{6,}|\((?:\w*(?:Error|Exception))?\)")  # an address, a class alone


@dataclass(frozen=True)
class Run:
    """rows: as `--format jsonl` writes them. stderr: line by line."""

    exit_code: int
    rows: list[dict[str, Any]]
    stderr: list[str]


def classify(folder: Path) -> Run:
    """As a user would, with nothing of this machine's settings but where programs are."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "PATH": os.defpath, "EDGECT_SALT": "any"}
        command = [sys.executable, "-m", "edgect", "classify", str(folder), "--format", "jsonl"]
        run = subprocess.run(command, capture_output=True, check=False, env=environment)
    rows = list(map(json.loads, run.stdout.splitlines()))
    return Run(run.returncode, rows, run.stderr.decode("utf-8", "replace").splitlines())


def inputs(folder: Path) -> Iterator[str]:
    """Every file that must have a row, those in zip archives too, listed without edgect's own search."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _hidden(path.relative_to(folder).parts):
            yield from _members(path) or [str(path)]


def _members(path: Path) -> list[str]:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist() if path.suffix.lower() == ".zip" else []
    except (BadZipFile, OSError):
        return []
    shown = [name for name in names if not name.endswith("/") and not _hidden(_plain(name).split("/"))]
    return [f"{path}/{name}" for name in shown]


def _hidden(parts: Sequence[str]) -> bool:
    return any(part.lower() in SYSTEM_FILES or (part.startswith(".") and part != "..") for part in parts)


def _plain(path: str) -> str:  # without the steps that lead nowhere
    return re.sub(r"(^|/)(?:\./)+", r"\1", path)


def faults(run: Run, again: Run, files: list[str]) -> list[str]:
    """What must not be, one line each."""
    answered = {_plain(row["path"]) for row in run.rows}
    faults = [f"no row: {path}" for path in files if _plain(path) not in answered]
    faults += [f"on stderr: {line}" for line in run.stderr if not OWN_WORDS.fullmatch(line)]
    for row, second in zip_longest(run.rows, again.rows, fillvalue={"path": "", "reason": ""}):
        if row | {"milliseconds": 0} != second | {"milliseconds": 0}:
            faults.append(f"another row the second time: {row['path'] or second['path']}")
        if row.get("status") != "ok" and (not row["reason"] or SAYS_NOTHING.search(row["reason"])):
            faults.append(f"a reason that says nothing ({row['reason']}): {row['path']}")
    return faults


def page(folder: Path, run: Run, files: list[str], faulty: list[str]) -> str:
    introduction = (
        "What `edgect classify FOLDER` makes of all that is in packages of other projects, their tests and "
        "archives included, written by `python -m tests.others_files`. A file has as many rows as frames."
    )
    answered = [
        f"- `{printable(os.path.relpath(row['path'], folder))}`: {row['label']}, {row['probability']:.3f}"
        for row in run.rows
        if row["status"] == "ok"
    ]
    text = ("# Files of other projects", introduction, _packages(folder, run, files))
    outcome = f"Exit code {run.exit_code}. Faults: {len(faulty)}."
    answers = "\n".join(["## Answered\n", *(answered or ["None."])])
    return "\n\n".join((*text, outcome, answers, "## Reasons", _reasons(run)))


def _packages(folder: Path, run: Run, files: list[str]) -> str:
    def package(path: str) -> str:
        return Path(path).relative_to(folder).parts[0]

    file_counts = Counter(map(package, files))
    rows = Counter((package(row["path"]), row["status"]) for row in run.rows)
    lines = [
        (name, file_counts[name], *(rows[name, status] for status in STATUSES))
        for name in sorted(file_counts)
    ]
    sums = [sum(column) for column in zip(*(line[1:] for line in lines), strict=True)]
    return _table(("package", "files", *STATUSES), *lines, ("all", *sums))


def _reasons(run: Run) -> str:
    kinds = Counter((row["status"], NUMBER.sub("N", row["reason"] or "")) for row in run.rows)
    ordered = sorted(kinds.items(), key=lambda kind: (STATUSES.index(kind[0][0]), -kind[1], kind[0][1]))
    lines = [(status, count, printable(text)) for (status, text), count in ordered if status != "ok"]
    return _table(("status", "rows", "reason, numbers as N"), *lines)


def _table(head: tuple[object, ...], *rows: tuple[object, ...]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.others_files", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    options = parser.parse_args()
    folder = options.folder.absolute()
    files, run, again = list(inputs(folder)), classify(folder), classify(folder)
    faulty = faults(run, again, files)
    text = page(folder, run, files, faulty) + "\n"
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    print(*(f"FAULT {printable(line)}" for line in faulty), sep="\n", file=sys.stderr)
    sys.exit(bool(faulty))


if __name__ == "__main__":
    main()

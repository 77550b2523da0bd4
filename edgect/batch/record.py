"""What an interrupted run has already answered, for `--resume`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edgect.batch.sinks import Beside
from edgect.errors import ScanError
from edgect.rows.columns import COLUMNS
from edgect.rows.formats import Lines, Row, Span, Value, decode, encode, whole_lines
from edgect.scans import Limits, read_bytes

Answer = list[tuple[Row, Span]]
"""The rows of one file, and where they stand."""


@dataclass
class Record:
    """Answers by path, one for each time a path was answered.

    kept: what of the content stays, all up to the first line that is no row. held: rows in that.
    usable: rows that are kept, if their files have not changed. why: how many others there are, by
    the reason. foreign: what kept all of it from being used at all, or empty.
    """

    kept: bytes = b""
    held: int = 0
    usable: int = 0
    why: Counter[str] = field(default_factory=Counter)
    foreign: str = ""
    _spans: defaultdict[str, list[list[Span]]] = field(default_factory=lambda: defaultdict(list))
    _lines: Lines = field(default_factory=lambda: Lines("csv"))
    _asked: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(
        cls,
        content: bytes,
        lines: Lines,
        settings: Mapping[str, Value],
        paths: Iterable[str],
        finished: bool = False,
    ) -> Record:
        """settings: the columns that make a row an answer to what is asked now, with their values.

        Errors are left out, so that they are tried again; so is a last row cut short, and, unless the
        run had finished, a last file whose frames may not all be there.
        """
        if foreign := _foreign(content, lines):
            return cls(foreign=foreign)
        record, wanted, last = cls(_lines=lines), set(paths), Answer()
        end = len(encode(lines.header())) if content.startswith(encode(lines.header())) else 0
        for answer in _by_file(content, lines, end):
            record._add(last, settings, wanted)
            last, end = answer, answer[-1][1][1]
        if end < len(content):
            lines_left = sum(1 for _ in whole_lines(lines.form, content[end:]))
            record.why["cut short or damaged"] += max(1, lines_left)
        if last and last[0][0]["frame"] is not None and not finished:
            record.why["of a file whose frames may not all be there"] += len(last)
            end = last[0][1][0]
        else:
            record._add(last, settings, wanted)
        record.kept = content[:end]
        return record

    def _add(self, answer: Answer, settings: Mapping[str, Value], wanted: set[str]) -> None:
        if not answer:
            return
        self.held += len(answer)
        if reason := _unusable([row for row, _ in answer], settings, wanted):
            self.why[reason] += len(answer)
        else:
            self.usable += len(answer)
            self._spans[str(answer[0][0]["path"])].append([span for _, span in answer])

    def take(self, path: str) -> list[Answer]:
        """Every answer of this path, that of the first time first when first it is asked for, and so on."""
        times = self._asked[path]
        self._asked[path] += 1
        spans = self._spans.get(path, [])
        turned = spans[times:] + spans[:times]
        return [[(self._row(span), span) for span in answer] for answer in turned]

    def _row(self, span: Span) -> Row:
        row = self._lines.parse(self.kept[slice(*span)])
        assert row is not None
        return row

    def __str__(self) -> str:
        others = "; ".join(f"{count} {reason}" for reason, count in sorted(self.why.items()))
        if self.foreign:
            return f"no row is kept: {self.foreign}"
        return f"{self.usable} rows are kept where their files are unchanged" + (
            f"; not kept: {others}" if others else ""
        )


def still_holding(answers: Sequence[Answer], path: str, limits: Limits, beside: Iterable[Beside]) -> Answer:
    """The answer on the file's present content, if all that is made beside it is there; else none."""
    if not answers:
        return []
    try:
        digest = hashlib.sha256(read_bytes(path, limits)).hexdigest()
    except ScanError:
        return []
    made = list(beside)
    for answer in answers:
        if all(row["sha256"] == digest and all(one.has(row) for one in made) for row, _ in answer):
            return answer
    return []


def _by_file(content: bytes, lines: Lines, header: int) -> Iterator[Answer]:
    """The rows up to the first line that is none, file by file. header: where that ends."""
    answer = Answer()
    for span in whole_lines(lines.form, content):
        if span[1] <= header:
            continue
        row = lines.parse(content[slice(*span)])
        if row is None:
            break
        if answer and row["frame"] in (None, 0):
            yield answer
            answer = Answer()
        answer.append((row, span))
    if answer:
        yield answer


def _unusable(rows: Sequence[Row], settings: Mapping[str, Value], wanted: set[str]) -> str:
    """Why the rows of a file are no answer to what is asked now; empty where they are."""
    if str(rows[0]["path"]) not in wanted:
        return "of files that are not given now"
    for row in rows:
        if other := [
            name.replace("_", " ") for name, value in settings.items() if _differs(row, name, value)
        ]:
            return f"with another {', '.join(other)}"
        if row["status"] not in ("ok", "rejected"):
            return "with an error, which is tried again"
    return ""


def _differs(row: Row, name: str, value: Value) -> bool:
    named = name != "names" or row["series"]  # pictures have no names that could differ
    return bool(named) and row[name] != value


def _foreign(content: bytes, lines: Lines) -> str:
    """Why none of it can be read as rows; empty where it can, or there is none."""
    first = content[: content.find(b"\n") + 1]
    if not first:
        return ""  # nothing, or a first line cut short
    if lines.form == "csv":
        return "" if decode(first) == lines.header() else "it is no CSV with the columns of this version"
    try:
        keys = tuple(json.loads(decode(first)))
    except (ValueError, TypeError):
        keys = ()
    return "" if keys == COLUMNS else "it is no JSON lines with the names of this version"

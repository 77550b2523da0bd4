"""The start of a run's output, with what one before it left there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgect.batch.output import FileRows, RowOutput, partial_of
from edgect.batch.record import Record
from edgect.rows.formats import Value


def begin_output(
    rows: RowOutput,
    resume: bool,
    settings: Callable[[], Mapping[str, Value]],
    paths: Sequence[str],
    notify: Callable[[str], object],
) -> Record:
    """Get an output ready for its first row; returns the record of the run before it, if that is to go on.

    settings: as `Pipeline.row_settings` gives them. What an interrupted run left and this one cannot go on
    from is set aside, and `notify` is called with a line that says so. Raises UsageError when the file
    cannot be written.
    """
    record = Record()
    if not isinstance(rows, FileRows):
        return record
    output, partial = rows.output, partial_of(rows.output)
    if resume:
        finished = not rows.earlier and output.exists()
        earlier = rows.read(output) if finished else rows.earlier
        record = Record.read(earlier, rows.lines, settings(), paths, finished)
        if earlier:
            notify(f"{output if finished else partial}: {record}")
    has_rows = rows.earlier.count(b"\n") > rows.lines.header().count("\n")
    if has_rows and rows.lines.form != "table" and (not resume or record.unreadable):
        hint = "" if resume else "; --resume would have gone on from there"
        notify(f"{partial}: of an interrupted run, set aside as {rows.set_aside().name}{hint}")
    rows.begin(record.kept, record.held)
    return record

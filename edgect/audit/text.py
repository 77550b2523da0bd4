"""What verification and replay found, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.audit.replay import Difference, Replay
from edgect.audit.verification import Verification

SHOWN = 20  # of faults and of differences


def verification_text(found: Verification) -> Iterator[str]:
    """Lines."""
    if found.first is None or found.last is None:
        yield f"no line of an audit trail in {found.files} files"
    else:
        first, last = found.first.content["time"], found.last.content["time"]
        yield f"{found.lines:,} lines in {found.files:,} files, {first} to {last}"
        if (number := found.first.link.number) > 1:
            yield f"they begin with number {number:,}: what came before was not looked at"
    if found.torn:
        yield f"{found.torn:,} times a crash cut lines short; the line after accounts for it"
    if found.unfinished:
        yield f"the last {found.unfinished:,} bytes are an unfinished line, of a crash or just being written"
    if found.clock_set_back:
        yield f"{found.clock_set_back:,} lines are earlier than the line above: the clock was set back"
    yield from (f"FAULT {fault}" for fault in found.faults[:SHOWN])
    if found.fault_count > SHOWN:
        yield f"and {found.fault_count - SHOWN:,} more faults"
    if found.head and found.head_line is None:
        yield (
            f"FAULT no line has the hash {found.head}: lines are missing at the end, or the trail was made "
            "anew from some line on"
        )
    elif found.head:
        yield f"line {found.head_line:,} has the hash that you kept: up to it nothing is missing"
    if found.good and found.last is not None:
        yield "every line is as it was written, and follows the line before"
        yield f"head: {found.last.link}"
        if not found.head:
            yield (
                "Lines missing at the end do not show. Keep the head's hash where nobody who writes the "
                "trail can change it, and give it by --head the next time."
            )


def replay_text(done: Replay) -> Iterator[str]:
    """Lines."""
    yield f"{done.replayed:,} of {done.lines:,} answers replayed, {done.differing:,} differ"
    if done.by_instance:
        yield f"{done.by_instance:,} of them on files of the same SOP Instance UID that differ in their bytes"
    yield from (
        f"{count:,} not replayed: they {reason}" for reason, count in sorted(done.not_replayed.items())
    )
    yield from (_difference(each) for each in done.differences[:SHOWN])
    if len(done.differences) > SHOWN:
        yield "and more"
    if done.differing and done.versions:
        yield f"given by other versions than are here: {', '.join(done.versions)}"


def _difference(each: Difference) -> str:
    lines = f"line {each.number:,}" + (f" and {each.lines - 1:,} more" if each.lines > 1 else "")
    frame = "" if each.before.frame is None else f", frame {each.before.frame}"
    if each.now is None:
        return f"DIFFERS {lines} on {each.path}{frame}: the file has no such frame now"
    names = [name for name in ("status", "label", "probability") if _at(each, name)]
    values = (
        f"{name} {_value(getattr(each.before, name))}, now {_value(getattr(each.now, name))}"
        for name in names
    )
    return f"DIFFERS {lines} on {each.path}{frame}: {'; '.join(values)}"


def _at(each: Difference, name: str) -> bool:
    return bool(getattr(each.before, name) != getattr(each.now, name))


def _value(value: object) -> str:
    return "none" if value in (None, "") else str(value)

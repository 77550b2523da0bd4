"""One line of a trail: a JSON object that names the hash of the line before it, and ends with its own.

    {"number":2,"time":…,…,"previous":"<hash of line 1>","hash":"<SHA-256 of the object without this name>"}

What is hashed are the bytes as they stand in the file, so that a change of any of them shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edgect.errors import EdgectError

_HASH = re.compile(rb',"hash":"([0-9a-f]{64})"\}\n?\Z')


class Link(NamedTuple):
    """Where a chain stands: the number of its last line, and that line's hash, 64 hexadecimal digits."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"line {self.number:,}, hash {self.hash}"


START = Link(0, 64 * "0")
"""Before the first line."""


@dataclass(frozen=True)
class Line:
    """content: all that the line holds. previous: hash of the line before."""

    content: Mapping[str, Any]
    link: Link
    previous: str


class NoLineError(EdgectError):
    """Bytes are no line of a trail, or not the line that was written. claimed: what it says that it is."""

    def __init__(self, message: str, claimed: Link | None = None) -> None:
        super().__init__(message)
        self.claimed = claimed


def write_line(content: Mapping[str, Any], last: Link) -> tuple[bytes, Link]:
    """The line, with its line end, and where the chain stands after it. last: where it stands before."""
    number = last.number + 1
    document = {"number": number, **content, "previous": last.hash}
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    digest = hashlib.sha256(text).hexdigest()
    return text[:-1] + f',"hash":"{digest}"}}\n'.encode(), Link(number, digest)


def read_line(line: bytes) -> Line:
    """Raises NoLineError. Bytes that a crash cut short are never a JSON object: see `is_object`."""
    ending = _HASH.search(line)
    try:
        content = json.loads(line)
        number, previous = int(content["number"]), str(content["previous"])
    except (ValueError, TypeError, KeyError):
        raise NoLineError("it is no line of a trail") from None
    if ending is None:
        raise NoLineError("it does not end with its hash")
    claimed = Link(number, ending[1].decode())
    digest = hashlib.sha256(line[: ending.start()] + b"}").hexdigest()
    if digest != claimed.hash:
        raise NoLineError("it is not as it was written: its hash is another one", claimed)
    return Line(content, claimed, previous)


def is_object(line: bytes) -> bool:
    """Whether bytes are a whole JSON object, right or wrong, and so nothing that a crash cut short."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def whole_line(text: bytes, before: Link) -> Line | None:
    """The line that bytes without a line break are, where it follows `before`; None where they are none."""
    try:
        line = read_line(text)
    except NoLineError:
        return None
    return line if (line.previous, line.link.number) == (before.hash, before.number + 1) else None


def begins_with_an_object(text: bytes) -> bool:
    """Whether a JSON object is whole before more follows, which no crash leaves behind."""
    whole = text.decode(errors="replace")
    try:
        _, end = json.JSONDecoder().raw_decode(whole)
    except ValueError:
        return False
    return bool(whole[end:].strip())

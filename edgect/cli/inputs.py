"""The files that a command is to read, and those that it must not: its own outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from edgect.errors import UsageError
from edgect.scans import find_scans, may_be_image
from edgect.scans.remote import is_url, local


class Written(NamedTuple):
    """An output. option: that names it. owns: whether a file is it, or is made on the way to it."""

    option: str
    file: Path
    owns: Callable[[str | os.PathLike[str]], bool]


def inputs(paths: Sequence[str], outputs: Sequence[Written]) -> list[str]:
    """The files that `paths` stand for, without the outputs' own.

    Raises UsageError rather than let one output be written over a scan or over another output, and
    where nothing but outputs is left to read.
    """
    for one, other in permutations(outputs, 2):
        if one.owns(other.file):
            raise UsageError(
                f"{one.option} {one.file} and {other.option} {other.file} would be written to the same file"
            )
    found = find_scans(paths)
    for option, file, _ in outputs:
        if any(_is(file, path) and may_be_image(path) for path in found):
            raise UsageError(f"{option} {file} is one of the scans to classify; name another output")
    kept = [path for path in found if is_url(path) or not any(one.owns(local(path)) for one in outputs)]
    if not kept:
        raise UsageError(f"nothing to classify but {outputs[0].file} itself")
    return kept


def _is(file: Path, path: str) -> bool:
    return not is_url(path) and os.path.realpath(local(path)) == os.path.realpath(file)

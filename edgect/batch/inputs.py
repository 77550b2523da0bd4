"""The files that a command is to read, and those that it must not: its own outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from edgect.errors import UsageError
from edgect.scans import find_scans, may_be_image
from edgect.scans.files.remote import is_url, local


class Output(NamedTuple):
    """An output. option: that names it. owns: whether a file is it, or is made on the way to it."""

    option: str
    file: Path
    owns: Callable[[str | os.PathLike[str]], bool]


def list_inputs(paths: Sequence[str], outputs: Sequence[Output]) -> list[str]:
    """The files that `paths` stand for, without the outputs' own.

    Raises UsageError rather than let one output be written over a scan or over another output, and
    where nothing but outputs is left to read.
    """
    for first, second in permutations(outputs, 2):
        if first.owns(second.file):
            raise UsageError(
                f"{first.option} {first.file} and {second.option} {second.file} "
                "would be written to the same file"
            )
    listed = find_scans(paths)
    nearby = list(_near(listed, outputs))
    for option, file, _ in outputs:
        if any(
            os.path.realpath(local(path)) == os.path.realpath(file) and may_be_image(path) for path in nearby
        ):
            raise UsageError(f"{option} {file} is one of the scans to classify; name another output")
    own = {path for path in nearby if any(output.owns(local(path)) for output in outputs)}
    remaining = [path for path in listed if path not in own]
    if not remaining:
        raise UsageError(f"nothing to classify but {outputs[0].file} itself")
    return remaining


def _near(paths: Sequence[str], outputs: Sequence[Output]) -> Iterator[str]:
    """Those that might be outputs, or be made on the way to them: links, and files in the same folders.

    There may be millions of paths, and following one to its end takes a while.
    """
    resolved = lru_cache(maxsize=1024)(os.path.realpath)
    folders = {resolved(file.parent) for _, file, _ in outputs}
    folders |= {os.path.dirname(os.path.realpath(file)) for _, file, _ in outputs}
    for path in paths:
        name = local(path)
        if not is_url(path) and (os.path.islink(name) or resolved(os.path.dirname(name)) in folders):
            yield path

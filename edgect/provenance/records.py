"""The record of one run of a command: what it read, which code ran where, and the figures that it gave."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.model.bundles.bundle import Bundle
from edgect.provenance.comparison import differences
from edgect.provenance.environment import code, environment
from edgect.sources.contents import Contents
from edgect.sources.parts import FixedParts

SCHEMA = 1  # another number if a name goes or changes its meaning


def record(
    command: str,
    arguments: Sequence[str] | Mapping[str, Any],
    *,
    tables: Mapping[str, Contents],
    bundles: Sequence[Bundle],
    seed: int | None,
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe a run of a command as one JSON object; call it once the figures are there.

    schema     the number of this form
    command    as it is called, such as `evaluate`
    date       ISO 8601, UTC
    arguments  as they were given; absolute paths from the table's folder on, or their last name alone
    seed       of random numbers, null where there are none
    tables     by what they are for: SHA-256 of the table itself (empty of a folder), of contents and
               labels (`digest`), and of every file with its label and, where there are parts, its part
    bundles    name and digest of each
    code       edgect's version, and the commit where it runs from a checkout
    environment  versions of Python and packages, CPU, cores and system
    figures    of the command

    tables: what was read; `FixedParts` are `Contents` too. figures: numbers, texts, lists and mappings of
    them, numpy's numbers among them. Patients are not named but where paths or arguments name them.
    """
    folders = [os.path.abspath(each.table.parent) for each in tables.values()]
    content = {
        "schema": SCHEMA,
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": _portable(arguments, folders),
        "seed": seed,
        "tables": {name: _table(each) for name, each in tables.items()},
        "bundles": [{"name": bundle.name, "digest": bundle.digest} for bundle in bundles],
        "code": code(),
        "environment": environment(),
        "figures": figures,
    }
    # as it will be read again; what is no number is null
    text = json.dumps(content, default=_plain)
    plain: dict[str, Any] = json.loads(text, parse_constant=lambda _: None)
    return plain


def earlier(file: Path, command: str) -> dict[str, Any] | None:
    """The record that is in a file, None where there is no file; call it before anything slow.

    Raises UsageError where the file holds anything else, or another command's record: it is not overwritten.
    """
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise UsageError(f"--record {file}: there is no folder {file.parent}") from None
        return None
    except OSError as error:
        raise UsageError(f"--record {file}: cannot be read ({error.strerror})") from error
    except ValueError:
        content = None
    if not isinstance(content, dict) or not {"schema", "command", "figures"} <= content.keys():
        raise UsageError(f"--record {file}: is there already and no record of edgect's; name another file")
    if content["schema"] != SCHEMA or content["command"] != command:
        raise UsageError(
            f"--record {file}: holds a record of `edgect {content['command']}` in form {content['schema']}, "
            f"which `edgect {command}` cannot be compared with; name another file"
        )
    return content


def write(content: Mapping[str, Any], file: Path) -> list[str]:
    """Write a record; return in sentences what differs from the one that the file held, empty for a new file.

    The earlier record stays, as FILE.1, the next as FILE.2 and so on. Where nothing but the date differs,
    one sentence says so. Raises UsageError as `earlier`, and where the file cannot be written.
    """
    before = earlier(file, content["command"])
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    encoded = text.encode(errors="surrogatepass")  # of names in folders that are not UTF-8
    try:
        if before is not None:
            atomic.write(_unused(file), file.read_bytes())
        atomic.write(file, encoded)
    except OSError as error:
        raise UsageError(f"--record {file}: cannot be written ({error.strerror})") from error
    if before is None:
        return []
    return differences(before, content) or [f"Same inputs, same figures as on {before['date']}."]


def _unused(file: Path) -> Path:
    numbered = (file.with_name(f"{file.name}.{number}") for number in count(1))
    return next(name for name in numbered if not os.path.lexists(name))


def _table(contents: Contents) -> dict[str, Any]:
    parts = contents.parts if isinstance(contents, FixedParts) else None
    files: dict[str, dict[str, Any]] = {}
    for place, (path, case) in enumerate(zip(contents.paths, contents.cases, strict=True)):
        files[path] = {"sha256": contents.sha256[place], "label": case.label}
        if parts is not None:
            files[path]["part"] = parts[place]
    return {
        "name": contents.table.name,
        "sha256": contents.table_sha256,
        "digest": contents.digest,
        "files": files,
    }


def _portable(value: Any, folders: Sequence[str]) -> Any:
    """Arguments without the machine's folders."""
    if isinstance(value, Mapping):
        return {name: _portable(each, folders) for name, each in value.items()}
    if isinstance(value, os.PathLike):
        return _portable(os.fspath(value), folders)
    if isinstance(value, str):
        option, sign, path = value.rpartition("=")  # of --rows=/home/...
        return option + sign + _relative(path, folders) if os.path.isabs(path) else value
    if isinstance(value, Sequence):
        return [_portable(each, folders) for each in value]
    return value


def _relative(path: str, folders: Sequence[str]) -> str:
    for folder in folders:
        if Path(path).is_relative_to(folder):
            return Path(path).relative_to(folder).as_posix()
    return os.path.basename(path.rstrip("/\\"))


def _plain(value: Any) -> Any:
    """Numpy's numbers and arrays as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a record holds no {type(value).__name__}")

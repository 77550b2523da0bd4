"""What differs between two records of the same command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgect.sources.labels import listed

MOST = 8  # names that one sentence lists
MISSING = object()


def differences(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> list[str]:
    """In sentences: what differs in inputs, code and environment, then in figures; empty where nothing does.

    earlier, later: of `record`. The date does not count. Where anything differs, the last sentence is about
    the figures, also where all are the same.
    """
    causes = [
        *_tables(earlier["tables"], later["tables"]),
        *_changes("Bundle", _bundles(earlier), _bundles(later)),
        *_changes("Argument", earlier["arguments"], later["arguments"]),
        *_changes("Input", {"seed": earlier["seed"]}, {"seed": later["seed"]}),
        *_changes("Code", earlier["code"], later["code"]),
        *_changes("Environment", earlier["environment"], later["environment"]),
    ]
    figures = _figures(earlier["figures"], later["figures"])
    if causes and not figures:
        return [*causes, "All figures are the same."]
    return causes + figures


def _tables(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Iterator[str]:
    for name in (*earlier, *(name for name in later if name not in earlier)):
        if name not in later:
            yield f"Input: {name} ({earlier[name]['name']}) is not read any more."
        elif name not in earlier:
            yield f"Input: {name} ({later[name]['name']}) is new."
        else:
            yield from _table(name, earlier[name], later[name])


def _table(name: str, earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Iterator[str]:
    old, new = earlier["files"], later["files"]
    both = [path for path in old if path in new]
    changes = {
        "added": [path for path in new if path not in old],
        "gone": [path for path in old if path not in new],
    }
    for key, words in (
        ("sha256", "of other content"),
        ("label", "with another label"),
        ("part", "in another part"),
    ):
        changes[words] = [path for path in both if old[path].get(key) != new[path].get(key)]
    for words, paths in changes.items():
        if paths:
            yield f"Input: {name} has {_files(len(paths))} {words}: {listed(paths)}."
    if not any(changes.values()) and earlier["sha256"] != later["sha256"]:
        yield f"Input: {name}, {later['name']} itself has changed, but neither files nor labels nor parts."


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _bundles(content: Mapping[str, Any]) -> dict[str, Any]:
    """Name and shortened digest by place."""
    return {
        str(place): f"{bundle['name']} {bundle['digest'][:12]}"
        for place, bundle in enumerate(content["bundles"], 1)
    }


def _changes(kind: str, earlier: Any, later: Any) -> Iterator[str]:
    old, new = dict(_flat(earlier)), dict(_flat(later))
    for name in (*old, *(name for name in new if name not in old)):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if not _same(before, after):
            yield f"{kind}: {name} was {_shown(before)} and is {_shown(after)}."


def _figures(earlier: Any, later: Any) -> list[str]:
    old, new = dict(_flat(earlier)), dict(_flat(later))
    names = [*old, *(name for name in new if name not in old)]
    pairs = {name: (old.get(name, MISSING), new.get(name, MISSING)) for name in names}
    changed = [
        f"{name} was {_shown(before)} and is {_shown(after)}"
        for name, (before, after) in pairs.items()
        if not _same(before, after)
    ]
    return [f"Figures: {len(changed)} of {len(names)} differ: {_listed(changed)}."] if changed else []


def _same(before: Any, after: Any) -> bool:
    return type(before) is type(after) and bool(before == after)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Numbers and texts by their dotted names."""
    if isinstance(value, Mapping):
        items: Sequence[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value, 1))
    else:
        yield name, value
        return
    for key, each in items:
        yield from _flat(each, f"{name}.{key}" if name else str(key))


def _shown(value: Any) -> str:
    if value is MISSING:
        return "absent"
    return "none" if value is None or value == "" else str(value)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {rest} more" if rest > 0 else "")

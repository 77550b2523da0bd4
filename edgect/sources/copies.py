"""Slices that are there twice: byte for byte, or nearly alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edgect.sources.findings import Finding, Severity, plural
from edgect.sources.labels import listed
from edgect.sources.parts import FixedParts
from edgect.sources.table import PARTS

ALIKE = 0.99  # correlation of thumbnails
AT_ONCE = 512  # slices that are compared with all others in one step
SHOWN = 3  # names in a sentence


def copies(parts: FixedParts) -> Iterator[Finding]:
    """Files of the same content, by what is wrong with that: labels, parts, patients, or the copy alone."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, sha256 in enumerate(parts.sha256):
        if sha256:
            places[sha256].append(place)
    groups = [own for own in places.values() if len(own) > 1]
    kinds: dict[str, list[list[int]]] = {"labels": [], "parts": [], "patients": [], "files": []}
    for own in groups:
        kinds[_kind(parts, own)].append(own)
    sentences: dict[str, tuple[Severity, str]] = {
        "labels": ("error", "with different labels: one of the labels is wrong"),
        "parts": ("error", "in different parts: what was fitted to is measured on"),
        "patients": (
            "warning",
            f"of different {parts.unit}s: these may be of one patient, or a file is out of place",
        ),
        "files": ("note", "within one part: each counts again"),
    }
    for kind, (severity, sentence) in sentences.items():
        if same := kinds[kind]:
            names = "; ".join(listed([parts.paths[n] for n in group], SHOWN) for group in same[:SHOWN])
            more = f" and {len(same) - SHOWN} more" if len(same) > SHOWN else ""
            yield Finding(
                severity, f"Files are copies of others, byte for byte, {sentence}. These are {names}{more}."
            )


def _kind(parts: FixedParts, places: Sequence[int]) -> str:
    if len({parts.cases[n].label for n in places}) > 1:
        return "labels"
    if len({parts.parts[n] for n in places} - {""}) > 1:
        return "parts"
    return "patients" if len({parts.units[n] for n in places}) > 1 else "files"


def copies_between(sources: Mapping[str, FixedParts]) -> Iterator[Finding]:
    """Files of the same content in two sources."""
    places: dict[str, dict[str, int]] = {}
    for name, parts in sources.items():
        places[name] = {sha256: place for place, sha256 in enumerate(parts.sha256) if sha256}
    for (first, own), (second, others) in combinations(places.items(), 2):
        same = [(own[sha256], others[sha256]) for sha256 in own if sha256 in others]
        if not same:
            continue
        a, b = sources[first], sources[second]
        torn = [pair for pair in same if a.cases[pair[0]].label != b.cases[pair[1]].label]
        leaking = [pair for pair in same if a.parts[pair[0]] != b.parts[pair[1]]]
        more = [
            f", of which {len(pairs)} {words}"
            for pairs, words in ((torn, "with different labels"), (leaking, "in different parts"))
            if pairs
        ]
        names = listed([a.paths[place] for place, _ in same], SHOWN)
        yield Finding(
            "error" if more else "warning",
            f"{plural(len(same), 'file')} of {first} and of {second} are the same{''.join(more)}: {names}.",
        )


def near_copies(
    parts: FixedParts, places: NDArray[np.intp], thumbnails: NDArray[np.float32]
) -> list[Finding]:
    """Slices of different parts that look alike and are no copies of one another.

    places: of each thumbnail's case, int `[slices]`. thumbnails: float32 `[slices, pixels]`, each of
    mean 0 and length 1, so that products are correlations.
    """
    part_names, digests = np.array(parts.parts)[places], np.array(parts.sha256)[places]
    pairs: set[tuple[int, int]] = set()
    for first, second in combinations(PARTS, 2):
        others = np.flatnonzero(part_names == second)
        own = np.flatnonzero(part_names == first)
        for start in range(0, len(own), AT_ONCE):
            some = own[start : start + AT_ONCE]
            alike = thumbnails[some] @ thumbnails[others].T > ALIKE
            alike &= digests[some, None] != digests[None, others]
            pairs |= {(int(places[some[a]]), int(places[others[b]])) for a, b in np.argwhere(alike)}
    if not pairs:
        return []
    names = "; ".join(
        f"{listed([parts.paths[a]])} and {listed([parts.paths[b]])}" for a, b in sorted(pairs)[:SHOWN]
    )
    more = f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
    sentence = (
        f"{plural(len(pairs), 'pair')} of slices in different parts look alike (correlation over {ALIKE}): "
        f"they may be of one patient, or copies. These are {names}{more}."
    )
    return [Finding("warning", sentence)]

"""Whether an engine loads and answers, and answers as the bundles say it must."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgect.diagnostics.doctor import apart
from edgect.diagnostics.doctor.report import Finding, Verdict


def examine(backends: Sequence[str], packages: Sequence[str], paths: Sequence[str]) -> Iterator[Finding]:
    """Every engine on every bundle, each engine in a process of its own.

    That one engine of several cannot be used is a note, that none can a fault. packages: what to install
    for each. paths: of intact bundles; where there are none, no engine can be asked.
    """
    if not paths:
        yield Finding("engines", ", ".join(backends), "note", "not asked: there is no intact bundle")
        return
    asked = {backend: apart.examine("asked", backend, *paths) for backend in backends}
    usable = [backend for backend, (found, failure) in asked.items() if not failure and _answers(found)]
    for backend, package in zip(backends, packages, strict=True):
        found, failure = asked[backend]
        if backend in usable:
            yield from found
            continue
        verdict: Verdict = "note" if usable else "fault"
        reason = failure or next((f.said for f in found), "it gave no answer")
        others = f"use --backend {usable[0]}, or " if usable else ""
        advice = f"{others}install it again: pip install --force-reinstall {package}"
        yield Finding("engines", backend, verdict, f"cannot be used: {reason}", advice)


def _answers(found: Sequence[Finding]) -> bool:
    return any(finding.part == "engines" for finding in found)

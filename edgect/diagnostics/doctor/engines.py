"""Whether engines load and answer as the bundles say they must, and whether compiled models can be kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from edgect.diagnostics.doctor import subprocess_runner
from edgect.diagnostics.doctor.report import Finding, Verdict
from edgect.machine import compiled_models


def check_engines(
    backends: Sequence[str], packages: Sequence[str], paths: Sequence[str]
) -> Iterator[Finding]:
    """Every engine on every bundle, each engine in a process of its own.

    That one engine of several cannot be used is a note, that none can a fault. packages: what to install
    for each. paths: of intact bundles; where there are none, no engine can be tested.
    """
    if not paths:
        yield Finding("engines", ", ".join(backends), "note", "not tested: there is no intact bundle")
        return
    results = {
        backend: subprocess_runner.run_check("self_test.check_engine", backend, *paths)
        for backend in backends
    }
    usable = [backend for backend, (findings, failure) in results.items() if not failure and _works(findings)]
    for backend, package in zip(backends, packages, strict=True):
        findings, failure = results[backend]
        if backend in usable:
            yield from findings
            continue
        verdict: Verdict = "note" if usable else "fault"
        reason = failure or next((finding.message for finding in findings), "it gave no answer")
        others = f"use --backend {usable[0]}, or " if usable else ""
        advice = f"{others}install it again: pip install --force-reinstall {package}"
        yield Finding("engines", backend, verdict, f"cannot be used: {reason}", advice)


def check_model_cache() -> Finding:
    """Write to the cache folder, as engines do; where it cannot be, edgect does without."""
    folder = compiled_models.folder()
    if folder is None:
        message = "there is none: models are compiled at every start"
        return Finding("cache", "folder", "note", message, "set EDGECT_CACHE_DIR to a folder to keep them in")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        message = f"{folder} cannot be written ({error.strerror}): models are compiled at every start"
        return Finding(
            "cache", "folder", "note", message, "set EDGECT_CACHE_DIR to a folder that can be written"
        )
    return Finding("cache", "folder", "ok", f"{folder} can be written")


def _works(findings: Sequence[Finding]) -> bool:
    return any(finding.part == "engines" for finding in findings)

"""Whether engines load and answer as the bundles say they must, and whether compiled models can be kept."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence

from edgect.diagnostics.doctor import subprocess_runner
from edgect.diagnostics.doctor.packages import versions
from edgect.diagnostics.doctor.report import Finding, Verdict
from edgect.machine import compiled_models
from edgect.machine.installation import install_command


def check_engines(
    packages: Mapping[str, str], needed: Collection[str], paths: Sequence[str]
) -> Iterator[Finding]:
    """Every engine on every bundle, each engine in a process of its own.

    That an engine cannot be used is a fault of those that are needed, and a note of others. packages: by
    engine, what to install. needed: engines. paths: of intact bundles; where there are none, no engine can
    be tested.
    """
    if not paths:
        yield Finding("engines", ", ".join(packages), "note", "not tested: there is no intact bundle")
        return
    results = {
        backend: subprocess_runner.run_check("self_test.check_engine", backend, *paths)
        for backend in packages
    }
    usable = [backend for backend, (findings, failure) in results.items() if not failure and _works(findings)]
    for backend, package in packages.items():
        findings, failure = results[backend]
        if backend in usable:
            yield from findings
            continue
        verdict: Verdict = "fault" if backend in needed else "note"
        others = f", or use --backend {usable[0]}" if usable else ""
        if versions([package]):
            reason = failure or next((finding.message for finding in findings), "it gave no answer")
            advice = f"install it again: pip install --force-reinstall {package}{others}"
            yield Finding("engines", backend, verdict, f"cannot be used: {reason}", advice)
        else:
            advice = install_command(backend) + (others if backend in needed else "")
            yield Finding("engines", backend, verdict, "not installed", advice)


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

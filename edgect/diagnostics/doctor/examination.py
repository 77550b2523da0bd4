"""The whole examination, part by part; none stops the others.

Nothing is imported here that could fail on a machine that is unfit: numpy, OpenCV, Pillow, engines and
decoders are looked at in processes of their own.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from edgect.diagnostics.benchmark import machine
from edgect.diagnostics.benchmark.machine import Machine
from edgect.diagnostics.doctor import apart, bundles, engines, hardware, kept
from edgect.diagnostics.doctor.report import NOTICE, SCHEMA, Finding, Report, Verdict
from edgect.diagnostics.doctor.versions import OPENCV, versions
from edgect.machine.installation import reinstall_dependencies_command
from edgect.machine.version import __version__

ENGINES = {"openvino": "openvino", "onnxruntime": "onnxruntime"}  # by backend, the package; the default first
PACKAGES = ("numpy", *OPENCV, "pillow", "simplejpeg", *ENGINES.values())


def examine(models: Iterable[str] = (), say: Callable[[str], object] = lambda part: None) -> Report:
    """Examine this machine; never raises.

    models: bundle folders beside the bundled ones. say: is told each part before it is looked at.
    """
    findings: list[Finding] = []
    here: Machine | None = None
    say("machine")
    try:
        here = machine.this()
        findings += hardware.examine(here)
    except Exception as error:  # a system that tells of itself in a way not thought of
        findings.append(Finding("machine", "processor", "note", f"could not be looked at ({error!r})"))
    say("bundles")
    intact = list(_intact(models, findings))
    say("pre-processing")
    findings += _apart("pre-processing", "fault", "preparation", *intact)
    say("engines")
    findings += engines.examine(list(ENGINES), list(ENGINES.values()), intact)
    say("codecs")
    findings += _apart("raster", "fault", "raster")
    findings += _apart("dicom", "note", "dicom")
    findings += _apart("extras", "note", "extras")
    findings.append(kept.examine())
    return Report(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        edgect=__version__,
        fit=all(finding.verdict != "fault" for finding in findings),
        machine=here,
        versions={"python": platform.python_version(), **versions(PACKAGES)},
        findings=findings,
    )


def _intact(models: Iterable[str], findings: list[Finding]) -> Iterator[str]:
    for finding, bundle in bundles.examine(models):
        findings.append(finding)
        if bundle is not None:
            yield str(bundle.path.absolute())


def _apart(part: str, verdict: Verdict, module: str, *arguments: str) -> list[Finding]:
    """What a module finds in a process of its own; verdict: on its end before its time."""
    found, failure = apart.examine(module, *arguments)
    if failure:
        advice = f"install again what edgect needs: {reinstall_dependencies_command()}"
        found.append(Finding(part, "examination", verdict, failure, advice))
    return found

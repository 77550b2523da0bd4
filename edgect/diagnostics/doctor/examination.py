"""The whole examination, part by part; none stops the others.

Nothing is imported here that could fail on a machine that is unfit: numpy, OpenCV, Pillow, engines and
decoders are looked at in processes of their own.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime

from edgect.diagnostics.doctor import bundles, engines, hardware, subprocess_runner
from edgect.diagnostics.doctor.packages import OPENCV, versions
from edgect.diagnostics.doctor.report import NOTICE, SCHEMA, DoctorReport, Finding, Verdict
from edgect.diagnostics.machine import Machine, describe_machine
from edgect.machine.installation import reinstall_dependencies_command
from edgect.machine.version import __version__
from edgect.model import registry

PACKAGES = ("numpy", *OPENCV, "pillow", "simplejpeg", "deflate", *registry.PACKAGES.values())


def examine_machine(
    models: Iterable[str] = (),
    report_progress: Callable[[str], object] = lambda part: None,
    trusted_keys: str | None = None,
    backends: Collection[str] = (),
) -> DoctorReport:
    """Examine this machine; never raises.

    models: bundle folders beside the bundled ones. report_progress: is called with each part before its
    checks. trusted_keys: a public key or a folder of such, by which signed bundles are known. backends:
    engines that must be usable, in place of the default.
    """
    findings: list[Finding] = []
    machine: Machine | None = None
    report_progress("machine")
    try:
        machine = describe_machine()
        findings += hardware.check_hardware(machine)
    except Exception as error:  # a system that describes itself in an unforeseen way
        findings.append(Finding("machine", "processor", "note", f"could not be looked at ({error!r})"))
    report_progress("bundles")
    intact = list(_intact(models, trusted_keys, findings))
    report_progress("pre-processing")
    findings += _isolated("pre-processing", "fault", "preprocessing.check_preprocessing", *intact)
    report_progress("engines")
    needed = set(backends) or {registry.DEFAULT_BACKEND}
    findings += engines.check_engines(registry.PACKAGES, needed, intact)
    report_progress("codecs")
    findings += _isolated("raster", "fault", "raster.check_raster_formats")
    findings += _isolated("dicom", "note", "dicom.check_dicom")
    findings += _isolated("extras", "note", "packages.check_optional_packages")
    findings.append(engines.check_model_cache())
    return DoctorReport(
        schema=SCHEMA,
        notice=NOTICE,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        edgect=__version__,
        fit=all(finding.verdict != "fault" for finding in findings),
        machine=machine,
        versions={"python": platform.python_version(), **versions(PACKAGES)},
        findings=findings,
    )


def _intact(models: Iterable[str], trusted_keys: str | None, findings: list[Finding]) -> Iterator[str]:
    for finding, bundle in bundles.check_bundles(models, trusted_keys):
        findings.append(finding)
        if bundle is not None:
            yield str(bundle.path.absolute())


def _isolated(part: str, verdict: Verdict, check: str, *arguments: str) -> list[Finding]:
    """The findings of a check in a process of its own; verdict: where that process ends early."""
    findings, failure = subprocess_runner.run_check(check, *arguments)
    if failure:
        advice = f"install again what edgect needs: {reinstall_dependencies_command()}"
        findings.append(Finding(part, "examination", verdict, failure, advice))
    return findings

"""The machine that was measured on, and the versions that were measured."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgect import __version__
from edgect.diagnostics import machine
from edgect.model import registry
from edgect.model.bundles.bundle import Bundle

PACKAGES = ("numpy", "opencv-python-headless", "pillow", *registry.PACKAGES.values(), "nncf", "onnx", "torch")


def describe() -> dict[str, str]:
    this = machine.describe_machine()
    return {
        "CPU": this.cpu,
        "cores": str(this.cores),
        "instruction sets": ", ".join(this.instruction_sets or ["unknown"]),
        "system": f"{this.system} {this.architecture}",
    }


def versions() -> dict[str, str]:
    installed = {"edgect": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def digests(bundles: Sequence[str]) -> dict[str, str]:
    return {Path(name).name: Bundle.load(name).digest[:12] for name in bundles}

"""The classes of CPU that INT8 has to be faithful on, and answers as one of them gives them.

OpenVINO's instruction set can be capped, so that one machine stands for all. ONNX Runtime's cannot:
it is run under an emulator, which is slow, so on a sample.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deploy.verification import engine_logits
from edgect.model.backends import BACKENDS
from edgect.model.bundles.bundle import Bundle

CAP = "ONEDNN_MAX_CPU_ISA"  # read by oneDNN, and so by OpenVINO, once in a process
CAPS = ("AVX512_CORE_VNNI", "AVX2_VNNI", "AVX2", "SSE41")
EMULATOR = "qemu-x86_64"  # Debian's package qemu-user
EMULATED_CPU = "Haswell"  # AVX2, without VNNI and AVX-512
SAMPLE = 48  # slices


@dataclass(frozen=True)
class Processor:
    """cap: of OpenVINO's instruction set. emulated: a CPU that the emulator knows. Else this machine's."""

    name: str
    backend: str
    cap: str = ""
    emulated: str = ""

    def logits(self, bundle: Path, precision: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits `[n, 2]` of prepared slices, uint8 `[n, 1, H, W]`, from a process of its own.

        Raises RuntimeError where it fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            images_file, logits_file = Path(folder) / "images.npy", Path(folder) / "logits.npy"
            np.save(images_file, images)
            self.run(
                engine_logits.__name__,
                *map(str, (bundle.resolve(), self.backend, precision, images_file, logits_file)),
            )
            return np.asarray(np.load(logits_file), np.float32)

    def run(self, module: str, *arguments: str) -> str:
        """What `python -m MODULE ARGUMENTS` prints. Raises RuntimeError where it fails."""
        emulator = [EMULATOR, "-cpu", self.emulated] if self.emulated else []
        command = [*emulator, sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command, cwd=Path(__file__).parents[2], env=self._env(), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{arguments[0]}, {self.name}: {done.stderr[-2000:]}")
        return done.stdout

    def _env(self) -> dict[str, str]:
        # no cache: what is compiled here is for a CPU that this is not
        env = {name: value for name, value in os.environ.items() if name != CAP} | {"EDGECT_CACHE_DIR": ""}
        return env | ({CAP: self.cap} if self.cap else {})


NATIVE = tuple(Processor(name, name) for name in BACKENDS)
CAPPED = tuple(Processor(f"openvino, {cap}", "openvino", cap) for cap in CAPS)
EMULATED_PROCESSOR = Processor(f"onnxruntime, {EMULATED_CPU}", "onnxruntime", emulated=EMULATED_CPU)


def usable_backends(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that a manifest does not refuse, the default first."""
    return tuple(name for name in BACKENDS if name not in description.get("refused_backends", {}))


def shipped(description: Mapping[str, Any]) -> str:
    """Engine and precision that a bundle is used with, unless told otherwise."""
    return f"{usable_backends(description)[0]} int8"


def emulator_is_installed() -> bool:
    return shutil.which(EMULATOR) is not None


def probabilities(logits: NDArray[np.float32], bundle: Bundle) -> NDArray[np.float64]:
    """Of COVID-19, as Classifier has them; logits: `[n, 2]`."""
    log_odds = (logits[:, 1] - logits[:, 0]).astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-log_odds / bundle.manifest.temperature)))

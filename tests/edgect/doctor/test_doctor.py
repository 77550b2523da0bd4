"""`edgect doctor` as a user calls it, on this machine and on one that is spoilt."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgect import golden
from edgect.backends import BACKENDS
from edgect.bundle import Bundle, bundled_names
from edgect.cli import COMMANDS

Doctor = Callable[..., "Examination"]
Edit = Callable[[Callable[[dict[str, Any]], object]], Path]


class Examination:
    """What the program said, once with --json."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        assert "Traceback" not in done.stderr + done.stdout
        self.exit_code = done.returncode
        self.report = json.loads(done.stdout)

    def of(self, part: str) -> dict[str, dict[str, str]]:
        """A part's findings by name."""
        return {f["name"]: f for f in self.report["findings"] if f["part"] == part}

    def faults(self) -> set[str]:
        return {f["part"] for f in self.report["findings"] if f["verdict"] == "fault"}


def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "edgect", "doctor", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env={**os.environ, **variables})


def doctor(*arguments: object, **variables: str) -> Examination:
    return Examination(run(*arguments, "--json", **variables))


@pytest.fixture
def shadow(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Variables of an environment in which modules are others; code: of each, by its name."""

    def make(**code: str) -> dict[str, str]:
        folder = tmp_path / "shadow"
        folder.mkdir()
        for name, text in code.items():
            (folder / f"{name}.py").write_text(text)
        return {"PYTHONPATH": str(folder)}

    return make


def test_this_machine_is_fit() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "is fit for edgect" in done.stdout
    assert "FAULT" not in done.stdout
    assert "Research use only" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_the_json_has_every_part() -> None:
    found = doctor()
    assert (found.exit_code, found.report["schema"], found.report["fit"]) == (0, 1, True)
    parts = {f["part"] for f in found.report["findings"]}
    assert parts == {
        "machine", "bundles", "pre-processing", "engines", "self-test", "raster", "dicom", "extras", "cache",
    }  # fmt: skip
    assert set(found.of("bundles")) == set(bundled_names())
    tested = {f"{name}, {backend}" for name in bundled_names() for backend in BACKENDS}
    assert set(found.of("self-test")) == tested
    assert {f["verdict"] for f in found.of("self-test").values()} == {"ok"}
    assert set(found.of("raster")) == {"PNG", "JPEG", "WebP", "TIFF", "BMP"}


def test_help_names_the_command() -> None:
    assert "doctor" in COMMANDS


def test_a_flipped_byte_is_a_fault(bundle_copy: Path) -> None:
    file = bundle_copy / "int8.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    found = doctor("--model", bundle_copy)
    assert (found.exit_code, found.faults(), found.report["fit"]) == (3, {"bundles"}, False)
    finding = found.of("bundles")[str(bundle_copy)]
    assert str(file) in finding["said"]
    assert "copy the bundle again" in finding["advice"]
    assert {f["verdict"] for f in found.of("self-test").values()} == {"ok"}  # of the others


def test_a_model_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    found = doctor("--model", tmp_path / "nowhere")
    assert (found.exit_code, found.faults()) == (3, {"bundles"})


def doubled(manifest: dict[str, Any]) -> None:
    values = manifest["golden"]["answers"]["onnxruntime int8"]["log_odds"]
    values[0] *= 2


def warmer(manifest: dict[str, Any]) -> None:
    manifest["temperature"] *= 1.02


def not_finite(manifest: dict[str, Any]) -> None:
    manifest["golden"]["answers"]["openvino fp32"]["cam"][3] = float("nan")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (doubled, {"onnxruntime": "int8: log_odds is off by 1.4"}),
        (warmer, dict.fromkeys(BACKENDS, "fp32: log_odds is off by 0.028")),
        (not_finite, {"openvino": "fp32: cam is off by nan"}),
    ],
)
def test_answers_that_are_not_those_stored_are_a_fault(
    edit_manifest: Edit, bundle: Bundle, change: Callable[[dict[str, Any]], None], said: dict[str, str]
) -> None:
    def rename(manifest: dict[str, Any]) -> None:
        manifest["name"] = "edited"
        change(manifest)

    found = doctor("--model", edit_manifest(rename))
    assert (found.exit_code, found.faults()) == (3, {"self-test"})
    tests = found.of("self-test")
    for backend in BACKENDS:
        finding = tests[f"edited, {backend}"]
        assert finding["verdict"] == ("fault" if backend in said else "ok")
        assert said.get(backend, "") in finding["said"]


def test_another_network_under_the_same_manifest_is_a_fault(tmp_path: Path) -> None:
    """Whole and with the right hashes, so that nothing but its answers tells."""
    one, other = Bundle.load("cnn1"), Bundle.load("cnn2")
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    manifest = {**one.manifest, "name": "swapped", "files": dict(one.manifest["files"])}
    for name in manifest["files"]:
        (swapped / name).write_bytes((other if name == "fp32.onnx" else one).read(name))
        manifest["files"][name] = hashlib.sha256((swapped / name).read_bytes()).hexdigest()
    (swapped / "manifest.json").write_text(json.dumps(manifest))
    found = doctor("--model", swapped)
    assert (found.exit_code, found.faults()) == (3, {"self-test"})
    assert "fp32: log_odds is off" in found.of("self-test")["swapped, openvino"]["said"]
    assert "int8" not in found.of("self-test")["swapped, openvino"]["said"]


def test_a_bundle_without_golden_answers_is_a_note(edit_manifest: Edit) -> None:
    def strip(manifest: dict[str, Any]) -> None:
        manifest["name"] = "plain"
        del manifest["golden"]
        for name in (golden.SLICE, golden.INPUT):
            del manifest["files"][name]

    found = doctor("--model", edit_manifest(strip))
    assert found.exit_code == 0
    assert {f["verdict"] for n, f in found.of("self-test").items() if "plain" in n} == {"note"}


def test_pixels_that_are_prepared_otherwise_are_a_fault(shadow: Callable[..., dict[str, str]]) -> None:
    """An OpenCV that averages no more when it shrinks."""
    worse = (
        "import sys, cv2\n"
        "whole = cv2.resize\n"
        "cv2.resize = lambda image, size, interpolation: whole(image, size, interpolation=cv2.INTER_LINEAR)\n"
    )
    found = doctor(**shadow(sitecustomize=worse))
    assert (found.exit_code, found.faults()) == (3, {"pre-processing"})
    assert "grey levels" in found.of("pre-processing")["cnn1"]["said"]


BROKEN = {
    "not installed": ("raise ModuleNotFoundError('No module named engine')", "No module named engine"),
    "without a library": ("raise OSError('libengine.so: cannot open')", "libengine.so: cannot open"),
    "an illegal instruction": (
        "import os; os.kill(os.getpid(), 4)",
        "instruction that this CPU does not have",
    ),
    "a silent exit": ("import os; os._exit(0)", "ended with exit code 0"),
    "foreign": ("VERSION = 1", "AttributeError"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_engine_that_cannot_be_used_is_a_line_that_names_the_other(
    shadow: Callable[..., dict[str, str]], kind: str
) -> None:
    code, said = BROKEN[kind]
    found = doctor(**shadow(openvino=code))
    assert found.exit_code == 0
    finding = found.of("engines")["openvino"]
    assert finding["verdict"] == "note"
    assert said in finding["said"]
    assert "--backend onnxruntime" in finding["advice"]
    assert "pip install" in finding["advice"]
    assert {f["verdict"] for f in found.of("self-test").values()} == {"ok"}


def test_no_engine_at_all_is_unfit(shadow: Callable[..., dict[str, str]]) -> None:
    gone = "raise ImportError('gone')"
    variables = shadow(openvino=gone, onnxruntime=gone)
    found = doctor(**variables)
    assert (found.exit_code, found.faults()) == (3, {"engines"})
    assert set(found.of("engines")) == set(BACKENDS)
    done = run(**variables)
    assert done.returncode == 3
    assert "NOT fit for edgect: 2 faults" in done.stdout


def test_a_broken_numpy_stops_nothing(shadow: Callable[..., dict[str, str]]) -> None:
    found = doctor(**shadow(numpy="raise RuntimeError('NumPy was built for another CPU')"))
    assert found.exit_code == 3
    assert found.faults() == {"pre-processing", "engines", "raster"}
    assert "NumPy was built for another CPU" in found.of("raster")["examination"]["said"]
    assert {f["verdict"] for f in found.of("bundles").values()} == {"ok"}


def test_missing_extras_are_notes_that_name_what_to_install(shadow: Callable[..., dict[str, str]]) -> None:
    gone = "raise ModuleNotFoundError('gone')"
    found = doctor(**shadow(pydicom=gone, nibabel=gone, matplotlib=gone))
    assert found.exit_code == 0
    for part, name, extra in (
        ("dicom", "pydicom", "dicom"),
        ("extras", "nibabel", "nifti"),
        ("extras", "matplotlib", "plots"),
    ):
        finding = found.of(part)[name]
        assert finding["verdict"] == "note"
        assert f"edgect[{extra}]" in finding["advice"]


def test_a_transfer_syntax_without_its_decoder_is_a_note(shadow: Callable[..., dict[str, str]]) -> None:
    pytest.importorskip("pydicom")
    found = doctor(**shadow(gdcm="raise ImportError('gone')"))
    syntaxes = found.of("dicom")
    assert found.exit_code == 0
    assert syntaxes["1.2.840.10008.1.2.4.80"]["verdict"] == "note"  # JPEG-LS, by gdcm alone
    assert "edgect[dicom]" in syntaxes["1.2.840.10008.1.2.4.80"]["advice"]
    assert syntaxes["1.2.840.10008.1.2.1"]["verdict"] == "ok"


@pytest.mark.parametrize("place", ["", "file/below", "/proc/edgect"])
def test_a_cache_that_takes_nothing_is_a_note(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    found = doctor(EDGECT_CACHE_DIR=place and str(tmp_path / place))
    assert found.exit_code == 0
    assert found.of("cache")["folder"]["verdict"] == "note"
    assert "EDGECT_CACHE_DIR" in found.of("cache")["folder"]["advice"]


def test_a_capped_processor_answers_as_stored() -> None:
    found = doctor(ONEDNN_MAX_CPU_ISA="SSE41")
    assert found.exit_code == 0
    caps = [f["said"] for f in found.report["findings"] if "ONEDNN_MAX_CPU_ISA" in f["said"]]
    assert len(caps) == 1

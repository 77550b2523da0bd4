"""`edgect doctor` as a user calls it, on this machine and on one that is spoilt."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgect.diagnostics.doctor import engines, subprocess_runner
from edgect.model.backends import BACKENDS, DEFAULT_BACKEND
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.conformance import golden
from edgect.model.registry import PACKAGES


class Examination:
    """The program's JSON and its exit code."""

    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        assert "Traceback" not in process.stderr + process.stdout
        self.exit_code = process.returncode
        self.report = json.loads(process.stdout)

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
def shadow(tmp_path: Path, no_extras: str) -> Callable[..., dict[str, str]]:
    """Variables of an environment in which modules are others, and extras are not there.

    code: of each module, by its name. extras: whether they are there all the same.
    """

    def write_modules(extras: bool = False, **code: str) -> dict[str, str]:
        folder = tmp_path / "shadow"
        folder.mkdir()
        for name, text in code.items():
            (folder / f"{name}.py").write_text(text)
        return {"PYTHONPATH": os.pathsep.join([str(folder), *([] if extras else [no_extras])])}

    return write_modules


def test_this_machine_is_fit() -> None:
    process = run("--model", "lungs")
    assert (process.returncode, process.stderr) == (0, "")
    assert "is fit for edgect" in process.stdout
    assert "FAULT" not in process.stdout
    assert "Research use only" in process.stdout
    assert max(map(len, process.stdout.splitlines())) <= 100


def test_the_json_has_every_part() -> None:
    examination = doctor()
    assert (examination.exit_code, examination.report["schema"], examination.report["fit"]) == (0, 1, True)
    parts = {f["part"] for f in examination.report["findings"]}
    assert parts == {
        "machine", "bundles", "pre-processing", "engines", "self-test", "raster", "dicom", "extras", "cache",
    }  # fmt: skip
    assert set(examination.of("bundles")) == set(bundled_names())
    tested = {f"{name}, {backend}" for name in bundled_names() for backend in BACKENDS}
    assert set(examination.of("self-test")) == tested
    assert {f["verdict"] for f in examination.of("self-test").values()} == {"ok"}
    assert set(examination.of("raster")) == {"PNG", "JPEG", "WebP", "TIFF", "BMP"}


def copy(bundle: Bundle, folder: Path, change: Callable[[dict[str, Any]], object], **files: bytes) -> str:
    """A bundle with another manifest, and other models with their right hashes; its name is the folder's."""
    shutil.copytree(bundle.path, folder)
    manifest = json.loads((folder / "manifest.json").read_text()) | {"name": folder.name}
    for stem, content in files.items():
        (folder / f"{stem}.onnx").write_bytes(content)
        manifest["files"][f"{stem}.onnx"] = hashlib.sha256(content).hexdigest()
    change(manifest)
    (folder / "manifest.json").write_text(seal.text_of(seal.finished(manifest)))
    return str(folder)


def without_golden(manifest: dict[str, Any]) -> None:
    del manifest["golden"]
    for name in (golden.SLICE, golden.INPUT):
        del manifest["files"][name]


def doubled(manifest: dict[str, Any]) -> None:
    manifest["golden"]["answers"]["onnxruntime int8"]["log_odds"][0] *= 2


def not_a_number(manifest: dict[str, Any]) -> None:
    manifest["golden"]["answers"]["openvino fp32"]["cam"][3] = float("nan")


def emptied(manifest: dict[str, Any]) -> None:
    manifest["golden"]["answers"] = {}


def test_bundles_that_are_not_what_they_were(tmp_path: Path, no_extras: str) -> None:
    lungs, cnn1, cnn2 = (Bundle.load(name) for name in ("lungs", "cnn1", "cnn2"))
    temperature, answers = lungs.manifest.temperature, lungs.manifest.document["golden"]["answers"]
    int8, fp32 = (answers[f"onnxruntime {precision}"]["log_odds"][0] for precision in ("int8", "fp32"))
    content = bytearray(lungs.read("int8.onnx"))
    content[len(content) // 2] ^= 1
    models = [
        copy(lungs, tmp_path / "flipped", lambda manifest: None),
        copy(lungs, tmp_path / "doubled", doubled),
        copy(lungs, tmp_path / "warmer", lambda manifest: manifest.update(temperature=1.02 * temperature)),
        copy(lungs, tmp_path / "nan", not_a_number),
        copy(lungs, tmp_path / "emptied", emptied),
        copy(lungs, tmp_path / "plain", without_golden),
        copy(cnn1, tmp_path / "swapped", lambda manifest: None, fp32=cnn2.read("fp32.onnx")),
    ]
    (tmp_path / "flipped" / "int8.onnx").write_bytes(content)
    examination = doctor(
        *(argument for path in [*models, str(tmp_path / "nowhere")] for argument in ("--model", path)),
        PYTHONPATH=no_extras,
    )
    assert (examination.exit_code, examination.report["fit"]) == (3, False)
    assert examination.faults() == {"bundles", "self-test"}

    bundles, tests = examination.of("bundles"), examination.of("self-test")
    assert {name for name, f in bundles.items() if f["verdict"] == "fault"} == {
        models[0],
        str(tmp_path / "nowhere"),
    }
    assert f"{models[0]}/int8.onnx" in bundles[models[0]]["said"]
    assert "copy the bundle again" in bundles[models[0]]["advice"]
    assert not any("flipped" in name for name in tests)

    messages = {
        "doubled, onnxruntime": f"int8: log_odds is off by {int8:.2g} ",
        "warmer, openvino": f"fp32: log_odds is off by {fp32 * (1 - 1 / 1.02):.2g} ",
        "warmer, onnxruntime": f"fp32: log_odds is off by {fp32 * (1 - 1 / 1.02):.2g} ",
        "nan, openvino": "fp32: cam is off by nan ",
        "emptied, openvino": "int8: ",
        "emptied, onnxruntime": "int8: ",
        "swapped, openvino": "fp32: log_odds is off",
        "swapped, onnxruntime": "fp32: log_odds is off",
    }
    assert {name for name, f in tests.items() if f["verdict"] == "fault"} == set(messages)
    assert all(tests[name]["said"].count(message) == 1 for name, message in messages.items())
    assert "int8" not in tests["swapped, openvino"]["said"]  # of the two files, the one that was swapped
    assert {f["verdict"] for name, f in tests.items() if name.startswith("plain")} == {"note"}


def test_pixels_that_are_prepared_otherwise_are_a_fault(shadow: Callable[..., dict[str, str]]) -> None:
    """An OpenCV that averages no more when it shrinks."""
    worse = (
        "import sys, cv2\n"
        "whole = cv2.resize\n"
        "cv2.resize = lambda image, size, interpolation: whole(image, size, interpolation=cv2.INTER_LINEAR)\n"
    )
    examination = doctor(**shadow(sitecustomize=worse))
    assert (examination.exit_code, examination.faults()) == (3, {"pre-processing"})
    assert "grey levels" in examination.of("pre-processing")["cnn1"]["said"]


OTHER_OPENCV = """
import importlib.metadata as metadata
original = metadata.version
def version(name):
    if name == "opencv-python-headless":
        raise metadata.PackageNotFoundError(name)
    return "4.99.0" if name == "opencv-python" else original(name)
metadata.version = version
"""


def test_another_opencv_is_named_with_what_it_does_otherwise(
    shadow: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    worse = "import cv2\ncv2.resize = lambda image, size, interpolation: image[: size[1], : size[0]]\n"
    monkeypatch.setenv("PYTHONPATH", shadow(sitecustomize=OTHER_OPENCV + worse)["PYTHONPATH"])
    (finding,), failure = subprocess_runner.run_check("preprocessing.check_preprocessing", str(bundle.path))
    assert (finding.verdict, failure) == ("fault", "")
    assert "opencv-python 4.99.0" in finding.message
    assert finding.advice.startswith("pip uninstall opencv-python; pip install --force-reinstall")


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
    shadow: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch, bundle: Bundle, kind: str
) -> None:
    code, reason = BROKEN[kind]
    monkeypatch.setenv("PYTHONPATH", shadow(openvino=code)["PYTHONPATH"])
    found = engines.check_engines(PACKAGES, {"onnxruntime"}, [str(bundle.path)])
    findings = {finding.name.split()[0]: finding for finding in found}
    assert findings["openvino"].verdict == "note"
    assert reason in findings["openvino"].message
    assert "--backend onnxruntime" in findings["openvino"].advice
    assert "pip install" in findings["openvino"].advice
    assert {f.verdict for name, f in findings.items() if name != "openvino"} == {"ok"}


def test_no_engine_at_all_is_unfit(shadow: Callable[..., dict[str, str]]) -> None:
    gone = "raise ImportError('gone')"
    variables = shadow(openvino=gone, onnxruntime=gone)
    examination = doctor(**variables)
    assert (examination.exit_code, examination.faults()) == (3, {"engines"})
    verdicts = {name: finding["verdict"] for name, finding in examination.of("engines").items()}
    assert verdicts == {name: "fault" if name == DEFAULT_BACKEND else "note" for name in BACKENDS}
    process = run(*(word for name in BACKENDS for word in ("--backend", name)), **variables)
    assert process.returncode == 3
    assert "NOT fit for edgect: 2 faults" in process.stdout


def test_a_broken_numpy_stops_nothing(shadow: Callable[..., dict[str, str]]) -> None:
    examination = doctor(**shadow(numpy="raise RuntimeError('NumPy was built for another CPU')"))
    assert examination.exit_code == 3
    assert examination.faults() == {"pre-processing", "engines", "raster"}
    finding = examination.of("raster")["examination"]
    assert "NumPy was built for another CPU" in finding["said"]
    assert "pip install --force-reinstall" in finding["advice"]
    assert "numpy>=" in finding["advice"]
    assert "edgect" not in finding["advice"].split("pip install")[1]  # which no index has
    assert {f["verdict"] for f in examination.of("bundles").values()} == {"ok"}


def test_missing_extras_are_notes_that_name_what_to_install(shadow: Callable[..., dict[str, str]]) -> None:
    gone, broken = "raise ModuleNotFoundError('gone')", "raise OSError('broken')"
    examination = doctor(**shadow(extras=True, pydicom=gone, nibabel=gone, matplotlib=broken))
    assert examination.exit_code == 0
    assert examination.of("dicom")["pydicom"]["verdict"] == "note"
    for name in ("nibabel", "matplotlib"):
        finding = examination.of("extras")[name]
        assert finding["verdict"] == "note"
        assert finding["advice"].startswith(f"pip install '{name}>=")


def test_a_transfer_syntax_without_its_decoder_is_a_note(
    shadow: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pydicom")
    monkeypatch.setenv("PYTHONPATH", shadow(extras=True, gdcm="raise ImportError('gone')")["PYTHONPATH"])
    findings, failure = subprocess_runner.run_check("dicom.check_dicom")
    assert failure == ""
    syntaxes = {finding.name: finding for finding in findings}
    assert syntaxes["1.2.840.10008.1.2.4.80"].verdict == "note"  # JPEG-LS, by gdcm alone
    assert "python-gdcm" in syntaxes["1.2.840.10008.1.2.4.80"].advice
    assert syntaxes["1.2.840.10008.1.2.1"].verdict == "ok"


@pytest.mark.parametrize("place", ["", "file/below"])
def test_a_cache_that_takes_nothing_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGECT_CACHE_DIR", place and str(tmp_path / place))
    finding = engines.check_model_cache()
    assert finding.verdict == "note"
    assert "EDGECT_CACHE_DIR" in finding.advice


@pytest.mark.long
def test_a_capped_processor_answers_as_stored(no_extras: str) -> None:
    examination = doctor(ONEDNN_MAX_CPU_ISA="SSE41", PYTHONPATH=no_extras)
    assert examination.exit_code == 0
    caps = [f["said"] for f in examination.report["findings"] if "ONEDNN_MAX_CPU_ISA" in f["said"]]
    assert len(caps) == 1

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgect import Classifier
from edgect.cli import main
from edgect.diagnostics.doctor.packages import OPTIONAL
from edgect.model.backends import BACKENDS
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import Bundle
from tests.edgect.synthetic import body, bomb_png, encode, write_scan

Classify = Callable[..., Result]


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return Bundle.load()


@pytest.fixture(scope="session", params=BACKENDS)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return Classifier(backend=request.param, threads=1)


@pytest.fixture
def bundle_copy(tmp_path: Path, bundle: Bundle) -> Path:
    return Path(shutil.copytree(bundle.path, tmp_path / "bundle"))


@pytest.fixture
def edit_manifest(bundle_copy: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """Change the manifest of a copied bundle, and seal it again; returns the copy's folder."""

    def edit(change: Callable[[dict[str, Any]], object]) -> Path:
        file = bundle_copy / "manifest.json"
        manifest = json.loads(file.read_text())
        change(manifest)
        file.write_text(seal.text_of(seal.finished(manifest)))
        return bundle_copy

    return edit


def open_gate(manifest: dict[str, Any]) -> None:
    """Let drawn slices through too, as long as there are lungs in them."""
    manifest["gate"]["limits"] = {"embedding": 1e9, "view": 1e9}


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_scan(tmp_path / "scan.png")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder of three scans: a.png, b.png, sub/c.png."""
    for seed, name in enumerate(("a.png", "b.png", "sub/c.png")):
        write_scan(tmp_path / "scans" / name, seed)
    return tmp_path / "scans"


@pytest.fixture
def mixed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder with good scans among all kinds of bad input, and each name's status, in order."""
    folder = tmp_path / "mixed"
    write_scan(folder / "a_good.png")
    jpeg = encode(body(), "JPEG")
    contents = {
        "b_truncated.jpg": jpeg[: len(jpeg) // 2],
        "c_zero_bytes.png": b"",
        "d_blank.png": encode(body() * 0, "PNG"),
        "e_bomb.png": bomb_png(),
        "f_text.txt": b"ask the ward for slice 12\n",
        "g_garbage.png": os.urandom(500),
        "h_deep.png": encode(body().astype("uint16") * 200, "PNG"),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "i_dangling.png").symlink_to(folder / "nowhere.png")
    os.mkfifo(folder / "j_fifo.png")
    write_scan(folder / "k_good.png", 1)
    return folder, {
        "a_good.png": "ok",
        "b_truncated.jpg": "error",
        "c_zero_bytes.png": "error",
        "d_blank.png": "rejected",
        "e_bomb.png": "error",
        "f_text.txt": "rejected",
        "g_garbage.png": "error",
        "h_deep.png": "rejected",
        "i_dangling.png": "error",
        "j_fifo.png": "rejected",
        "k_good.png": "ok",
    }


@pytest.fixture(scope="session")
def no_extras(tmp_path_factory: pytest.TempPathFactory) -> str:
    """For PYTHONPATH: a machine with nothing but what edgect needs, which `edgect doctor` examines sooner."""
    folder = tmp_path_factory.mktemp("no_extras")
    for name in (*OPTIONAL, "pydicom"):
        (folder / f"{name}.py").write_text("raise ModuleNotFoundError('not installed')\n")
    return str(folder)


@pytest.fixture
def classify() -> Classify:
    """`edgect classify` in this process; an exception that would be a traceback fails the test."""

    def run(*arguments: object) -> Result:
        line = ["classify", *map(str, arguments)]
        return CliRunner().invoke(main, line, catch_exceptions=False)

    return run

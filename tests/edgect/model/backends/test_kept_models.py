"""OpenVINO's compiled models are kept between runs, and are never a wrong answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgect.model import backends
from edgect.model.backends import PRECISIONS, Precision
from edgect.model.backends.openvino import cache_key, settings
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from tests.edgect.synthetic import body

Damage = Callable[[bytes], bytes]


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGECT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def image(bundle: Bundle) -> NDArray[np.uint8]:
    return Preprocess(bundle.manifest.input.steps)(body(3))[0][np.newaxis]


def answer(
    bundle: Bundle, image: NDArray[np.uint8], precision: str = "int8", streams: int = 1
) -> list[bytes]:
    outputs = backends.load("openvino", bundle, precision, 2, streams).infer(image)
    return [output.tobytes() for output in outputs]


def entries(cache_folder: Path) -> set[Path]:
    return set(cache_folder.iterdir()) if cache_folder.exists() else set()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("streams", [1, 2])
def test_a_kept_model_answers_the_same_bits(
    cache_folder: Path, bundle: Bundle, image: NDArray[np.uint8], precision: str, streams: int
) -> None:
    compiled = answer(bundle, image, precision, streams)
    (entry,) = entries(cache_folder)
    before = entry.read_bytes()
    assert answer(bundle, image, precision, streams) == compiled
    assert entries(cache_folder) == {entry}
    assert entry.read_bytes() == before


def test_a_kept_model_stands_in_for_the_files_it_was_made_of(
    cache_folder: Path, bundle_copy: Path, image: NDArray[np.uint8]
) -> None:
    bundle = Bundle.load(bundle_copy)
    compiled = answer(bundle, image)
    (bundle_copy / "int8.xml").unlink()
    assert answer(bundle, image) == compiled


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry[: len(entry) // 2],
        lambda entry: entry[:50_000] + bytes(1000) + entry[51_000:],
        lambda entry: os.urandom(len(entry)),
        lambda entry: b"",
    ],
)
def test_a_damaged_entry_is_ignored_and_replaced(
    cache_folder: Path, bundle_copy: Path, image: NDArray[np.uint8], damage: Damage
) -> None:
    bundle = Bundle.load(bundle_copy)
    compiled = answer(bundle, image)
    (entry,) = entries(cache_folder)
    entry.write_bytes(damage(entry.read_bytes()))
    assert answer(bundle, image) == compiled
    assert entries(cache_folder) == {entry}
    (bundle_copy / "int8.xml").unlink()  # so that only the new entry can answer
    assert answer(bundle, image) == compiled


def test_a_whole_entry_that_is_no_model_is_ignored_and_replaced(
    cache_folder: Path, bundle: Bundle, image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = answer(bundle, image)
    (entry,) = entries(cache_folder)
    with monkeypatch.context() as patch:
        patch.setattr("edgect.machine.compiled_models.load", lambda key: b"something else altogether")
        assert answer(bundle, image) == compiled
    assert entries(cache_folder) == {entry}


def test_the_models_of_two_bundles_are_kept_apart(
    cache_folder: Path, bundle: Bundle, edit_manifest: Any, image: NDArray[np.uint8]
) -> None:
    other = Bundle.load(edit_manifest(lambda manifest: manifest.update(note="another bundle")))
    answer(bundle, image)
    answer(other, image)
    assert len(entries(cache_folder)) == 2


def test_a_folder_that_takes_nothing_changes_nothing(
    cache_folder: Path, bundle: Bundle, image: NDArray[np.uint8]
) -> None:
    compiled = answer(bundle, image)
    shutil.rmtree(cache_folder)
    cache_folder.write_bytes(b"no folder")
    assert answer(bundle, image) == compiled


@pytest.mark.parametrize(
    "changed",
    [
        {"bundle": "b" * 64},
        {"precision": "fp32"},
        {"version": "2025.0.1-1-release"},
        {"options": settings(3)},
        {"options": settings(2, 2)},
        {"processor": {"flags": "avx2 avx512f"}},
        {"processor": {"flags": "avx2", "ONEDNN_MAX_CPU_ISA": "SSE41"}},
    ],
)
def test_the_key_changes_with_all_that_a_model_hangs_on(changed: dict[str, Any]) -> None:
    precision: Precision = "int8"
    made_of: dict[str, Any] = {
        "bundle": "a" * 64,
        "precision": precision,
        "version": "2025.0.0-1-release",
        "options": settings(2),
        "processor": {"flags": "avx2"},
    }
    assert cache_key(**made_of) == cache_key(**made_of)
    assert cache_key(**made_of) != cache_key(**{**made_of, **changed})

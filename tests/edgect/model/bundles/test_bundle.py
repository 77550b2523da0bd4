from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgect.errors import ModelError
from edgect.model.bundles.bundle import DEFAULT, Bundle, bundled_names

Edit = Callable[[Callable[[dict[str, Any]], object]], Path]


def test_the_default_is_bundled_and_whole(bundle: Bundle) -> None:
    assert DEFAULT in bundled_names()
    assert bundle.name == DEFAULT
    assert {"fp32.onnx", "int8.onnx", "int8.xml", "int8.bin", "MODEL_CARD.md"} <= set(bundle.manifest.files)
    assert bundle.manifest.labels == ("not COVID-19", "COVID-19")


def test_the_digest_is_that_of_the_manifest(bundle: Bundle) -> None:
    content = (bundle.path / "manifest.json").read_bytes()
    assert bundle.digest == hashlib.sha256(content).hexdigest()


def test_a_folder_loads_like_a_name(bundle_copy: Path, bundle: Bundle) -> None:
    assert Bundle.load(bundle_copy).digest == bundle.digest
    assert Bundle.load(bundle_copy).path == bundle_copy


def test_one_changed_byte_in_any_file_is_refused_by_name(bundle_copy: Path, bundle: Bundle) -> None:
    for name in bundle.manifest.files:
        file = bundle_copy / name
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        whole = file.read_bytes()
        file.write_bytes(content)
        with pytest.raises(ModelError, match=f"{name}.*SHA-256"):
            Bundle.load(bundle_copy)
        file.write_bytes(whole)
    Bundle.load(bundle_copy)


def test_a_file_changed_after_loading_is_refused_when_read(bundle_copy: Path) -> None:
    loaded = Bundle.load(bundle_copy)
    (bundle_copy / "int8.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"int8\.onnx"):
        loaded.read("int8.onnx")


def test_a_missing_file_is_refused_by_name(bundle_copy: Path) -> None:
    (bundle_copy / "int8.bin").unlink()
    with pytest.raises(ModelError, match=r"int8\.bin"):
        Bundle.load(bundle_copy)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json"):
        Bundle.load(tmp_path)


def test_an_unknown_name_is_refused_and_the_known_ones_are_told() -> None:
    with pytest.raises(ModelError, match=f"'resnet'.*{DEFAULT}"):
        Bundle.load("resnet")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"schema": 1}', b"\xff\xfe{}"])
def test_a_manifest_of_another_kind_is_refused(bundle_copy: Path, content: bytes) -> None:
    (bundle_copy / "manifest.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        Bundle.load(bundle_copy)


@pytest.mark.parametrize("name", ["../outside.txt", "{absolute}", "sub/../../outside.txt"])
def test_a_manifest_cannot_name_files_outside_its_folder(
    bundle_copy: Path, edit_manifest: Edit, name: str
) -> None:
    outside = bundle_copy.parent / "outside.txt"
    outside.write_bytes(b"secret")
    (bundle_copy / "sub").mkdir()
    digest = hashlib.sha256(b"secret").hexdigest()
    listed = name.format(absolute=outside)
    with pytest.raises(ModelError, match="plain file name"):
        Bundle.load(edit_manifest(lambda manifest: manifest["files"].update({listed: digest})))


def test_only_listed_files_can_be_read(bundle: Bundle) -> None:
    with pytest.raises(ModelError, match="lists no"):
        bundle.read("manifest.json")


def test_the_manifest_hides_no_other_file(bundle: Bundle) -> None:
    files = {path.name for path in bundle.path.iterdir()}
    assert files == {"manifest.json", *json.loads((bundle.path / "manifest.json").read_text())["files"]}

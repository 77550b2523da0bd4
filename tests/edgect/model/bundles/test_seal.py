"""What may be loaded: released and finished bundles, as they were written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgect import Classifier
from edgect.errors import ModelError
from edgect.model.bundles import bundle as bundles
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import BUNDLED, Bundle
from edgect.model.bundles.derived import write_derived

Change = Callable[[dict[str, Any]], object]


def rewrite(folder: Path, change: Change) -> Path:
    """Edit a manifest as by hand, and leave its seal alone."""
    file = folder / "manifest.json"
    document = json.loads(file.read_bytes())
    change(document)
    file.write_text(seal.text_of(document))
    return folder


def open_gate(document: dict[str, Any]) -> None:
    document["gate"]["limits"] = {"embedding": 1e9, "view": 1e9}


def low_threshold(document: dict[str, Any]) -> None:
    document["threshold"] = 0.05
    document["operating_points"]["balanced"]["threshold"] = 0.05


CHANGES = [open_gate, low_threshold, lambda document: document.update(note="harmless")]


@pytest.fixture
def own(bundle: Bundle, tmp_path: Path) -> Bundle:
    return write_derived(bundle, tmp_path / "own", name="own", document_changes={}, head=None)


def test_a_released_bundle_is_known_wherever_it_lies(bundle: Bundle, bundle_copy: Path) -> None:
    assert (bundle.state, Bundle.load(bundle_copy).state) == ("released", "released")


def test_another_bundle_is_sealed_and_unsigned(own: Bundle) -> None:
    assert own.state == "unsigned"
    assert list(own.manifest.document)[-2:] == ["state", "seal"]


@pytest.mark.parametrize("change", CHANGES)
def test_an_edited_manifest_is_refused(own: Bundle, bundle_copy: Path, change: Change) -> None:
    for folder in (own.path, bundle_copy):
        with pytest.raises(ModelError, match=r"manifest\.json: the bundle is altered"):
            Classifier(rewrite(folder, change))


@pytest.mark.parametrize("change", CHANGES)
def test_an_edited_manifest_in_the_wheel_is_refused_though_it_is_sealed_again(
    bundle_copy: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    document = json.loads((bundle_copy / "manifest.json").read_bytes())
    change(document)
    (bundle_copy / "manifest.json").write_text(seal.text_of(seal.finished(document)))
    assert Bundle.load(bundle_copy).state == "unsigned"
    monkeypatch.setattr(bundles, "BUNDLED", bundle_copy.parent)
    with pytest.raises(
        ModelError, match="altered: the manifest is not the one that edgect was released with"
    ):
        Bundle.load(bundle_copy.name)


def test_only_what_makes_it_loads_an_unfinished_bundle(own: Bundle) -> None:
    document = json.loads((own.path / "manifest.json").read_bytes())
    (own.path / "manifest.json").write_text(seal.text_of(seal.unfinished(document)))
    with pytest.raises(ModelError, match="the bundle is unfinished"):
        Classifier(own.path)
    assert Bundle.load(own.path, unfinished=True).state == "unfinished"
    rewrite(own.path, lambda document: document.update(state="finished"))
    with pytest.raises(ModelError, match="altered"):
        Classifier(own.path)


def test_a_refused_bundle_says_why(own: Bundle) -> None:
    document = json.loads((own.path / "manifest.json").read_bytes())
    refused = seal.refused(document, "openvino int8: 40 of 118 labels agree")
    (own.path / "manifest.json").write_text(seal.text_of(refused))
    with pytest.raises(ModelError, match="was refused when it was made: openvino int8: 40 of 118"):
        Classifier(own.path)


def test_a_seal_survives_another_form_of_the_same_json(own: Bundle) -> None:
    document = json.loads((own.path / "manifest.json").read_bytes())
    (own.path / "manifest.json").write_text(json.dumps(document, indent=4))
    assert Bundle.load(own.path).manifest.document == own.manifest.document


def test_the_wheel_holds_the_digests() -> None:
    assert (BUNDLED / "released.json").is_file()

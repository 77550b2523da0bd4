from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deploy import released
from edgect.errors import ModelError
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import BUNDLED, Bundle, bundled_names
from edgect.model.bundles.released import FILE, released_digests


def test_the_wheel_knows_the_bundles_that_it_holds() -> None:
    assert released.digests() == released_digests(), "write them anew: python -m deploy released"
    assert {name: Bundle.load(name).digest for name in bundled_names()} == json.loads(FILE.read_bytes())
    assert {Bundle.load(name).state for name in bundled_names()} == {"released"}


@pytest.mark.parametrize("change", [seal.unfinished, lambda document: seal.refused(document, "too far off")])
def test_a_bundle_that_is_not_finished_is_not_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    folder = Path(shutil.copytree(BUNDLED / "cnn1", tmp_path / "cnn1"))
    document = json.loads((folder / "manifest.json").read_bytes())
    assert callable(change)
    (folder / "manifest.json").write_text(seal.text_of(change(document)))
    monkeypatch.setattr(released, "BUNDLED", tmp_path)
    monkeypatch.setattr(released, "bundled_names", lambda: ["cnn1"])
    with pytest.raises(ModelError, match=r"unfinished|too far off"):
        released.digests()

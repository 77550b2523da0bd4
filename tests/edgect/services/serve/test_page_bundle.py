"""The page says whether the bundle is released or signed, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.derived import write_derived
from tests.kiosk import Kiosk, kiosk_of

pytest.importorskip("starlette", reason="needs edgect[serve]")

SCAN = Path(__file__).parents[4] / "examples" / "scans" / "covid-saopaulo-0001.webp"


@pytest.fixture(scope="module")
def kiosk(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    folder = tmp_path_factory.mktemp("kiosk")
    write_derived(Bundle.load("cnn1"), folder / "own", name="own", document_changes={}, head=None)
    with kiosk_of(browser, folder, "--model", folder / "own", "--backend", "onnxruntime") as running:
        yield running


@pytest.mark.parametrize(("language", "words"), [("en", "unsigned"), ("de", "nicht unterschrieben")])
def test_an_unsigned_bundle_is_named_so(kiosk: Kiosk, language: str, words: str) -> None:
    kiosk.open(f"?lang={language}")
    assert f"own ({words})" in kiosk.text("model")
    kiosk.put(SCAN)
    digest = Bundle.load(kiosk.downloads / "own").digest[:12]
    assert any(fact.endswith(f"{digest}, {words}") for fact in kiosk.texts("#facts dd"))
    saved = kiosk.saved()
    assert f"{digest}, {words}" in saved.read_text()
    saved.unlink()  # the next has the same name

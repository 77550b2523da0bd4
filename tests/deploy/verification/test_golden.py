"""Golden answers of a bundle as `deploy` writes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.verification import golden as made_here
from edgect.model import backends
from edgect.model.backends import BACKENDS, PRECISIONS
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_new_bundle_answers_as_it_says(bundle_and_output, backend: str, precision: str) -> None:
    bundle = Bundle.load(bundle_and_output[0])
    session = backends.load(backend, bundle, precision, threads=1)
    summary = golden.answer(bundle, session)
    assert golden.differences(bundle, backend, precision, summary) == []
    summary["log_odds"][0] += 2 * bundle.manifest.golden.tolerance[f"{backend} {precision}"]["log_odds"]
    (difference,) = golden.differences(bundle, backend, precision, summary)
    assert difference.startswith("log_odds is off")


def test_the_slice_is_the_same_whenever_it_is_made(bundle_and_output, tmp_path: Path) -> None:
    bundle = Bundle.load(bundle_and_output[0])
    assert golden.preparation(bundle) == []
    again = Path(shutil.copytree(bundle.path, tmp_path / "again"))
    made_here.write_slices(again, bundle.manifest.input.steps)
    assert golden.preparation(Bundle.load(again)) == []  # hashes of the files included

"""Answers as other classes of CPU give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deploy.verification import engine_parity, processors
from deploy.verification.processors import CAP, EMULATED_PROCESSOR, NATIVE, Processor
from edgect.model.bundles.bundle import Bundle
from train.run import Run

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 1, 67, 67), np.uint8)


def test_a_process_that_fails_is_an_error_that_says_on_which_processor(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(RuntimeError, match=r"(?s)openvino, AVX2: .*not a bundle manifest"):
        Processor("openvino, AVX2", "openvino", "AVX2").logits(tmp_path, "int8", IMAGES)


def test_a_cap_on_this_process_does_not_reach_the_native_one(
    bundle_and_output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cap shows in fp32's last digits."""
    native = NATIVE[0].logits(bundle_and_output[0], "fp32", IMAGES)
    capped = Processor("openvino, SSE41", "openvino", "SSE41").logits(bundle_and_output[0], "fp32", IMAGES)
    assert (native != capped).any()
    np.testing.assert_allclose(native, capped, atol=1e-4)
    monkeypatch.setenv(CAP, "SSE41")
    np.testing.assert_array_equal(NATIVE[0].logits(bundle_and_output[0], "fp32", IMAGES), native)


@pytest.mark.slow
@pytest.mark.skipif(not processors.emulator_is_installed(), reason=f"no {processors.EMULATOR}")
def test_an_emulated_cpu_without_vnni_answers_as_this_one_does(
    bundle_and_output, run: Run, covid_ct: Path
) -> None:
    items = run.arrangement().val[::20]
    row = engine_parity.compare_on_processors(Bundle.load(bundle_and_output[0]), items, covid_ct)[
        EMULATED_PROCESSOR.name
    ]
    assert row["slices"] == len(items)
    assert row["agreement"] == 1
    assert row["max_probability_difference"] <= engine_parity.MAX_DIFFERENCE

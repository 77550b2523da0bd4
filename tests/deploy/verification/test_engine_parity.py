from __future__ import annotations

from deploy.verification.engine_parity import is_below, unfaithful_backends

FAITHFUL = {"slices": 118, "agreement": 0.9915, "max_probability_difference": 0.02}


def test_one_other_label_of_few_slices_is_no_failure_and_many_are() -> None:
    assert not is_below(23, 24)
    assert not is_below(118, 118)
    assert is_below(90, 100)
    assert is_below(960, 1000)
    assert is_below(985, 1000)  # so many that the share itself counts
    assert not is_below(990, 1000)


def test_an_engine_that_is_too_far_off_is_named_with_the_reason_and_others_stay() -> None:
    table = {
        "openvino int8 against openvino fp32": FAITHFUL | {"agreement": 0.8},
        "onnxruntime int8 against onnxruntime fp32": FAITHFUL,
        "openvino, AVX2": FAITHFUL | {"max_probability_difference": 0.2},
    }
    refused = unfaithful_backends(table)
    assert list(refused) == ["openvino"]
    assert "94 of 118 labels agree" in refused["openvino"]
    assert "off by 0.2, more than 0.05" in refused["openvino"]
    assert unfaithful_backends({"onnxruntime int8 against onnxruntime fp32": FAITHFUL}) == {}

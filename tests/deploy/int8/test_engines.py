"""Both engines compute what is simulated in torch, in integers, on every class of CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime as ort
import openvino as ov
import pytest
from numpy.typing import NDArray

from deploy.int8 import rounding, scheme, simulated
from deploy.int8.form import LAST
from deploy.verification.processors import CAP
from edgect.model.backends import Outputs
from tests.deploy.int8.networks import Small, extreme, ir, onnx_bytes, small
from tests.deploy.int8.openvino_run import infer
from tests.deploy.models import CONVOLUTIONS

ROOT = Path(__file__).parents[3]
# root of the mean square of differences in the embedding, in steps of the last maps; ONNX Runtime's ELU
# may be off by one step, and a mean over hundreds of places leaves little of a rounding
MAY_BE_OFF = {"openvino": 0.04, "onnxruntime": 0.12}
KEEPS = {"openvino": False, "onnxruntime": True}
PRIMITIVES = {"AVX2": "jit_avx2", "SSE41": "jit_sse42"}

EngineOutputs = dict[str, NDArray]

# size, groups, map_side, whether the first convolution is coarse; OpenVINO moves channels from 64 in a group
CASES = {
    "channels-moved": ((67, 67), 2, 1, True),
    "all-in-one-group": ((67, 67), 1, 1, False),
    "few-in-a-group": ((67, 99), 8, 1, False),
    "in-squares": ((99, 67), 16, 4, True),
}


@pytest.fixture(scope="module", params=CASES)
def network(request: pytest.FixtureRequest) -> Small:
    return small(*CASES[request.param])


@pytest.fixture(scope="module")
def answers(network: Small) -> dict[str, EngineOutputs]:
    return {"openvino": infer(ir(network), network.images), "onnxruntime": by_onnxruntime(network)}


def by_onnxruntime(network: Small) -> EngineOutputs:
    session = ort.InferenceSession(onnx_bytes(network), providers=["CPUExecutionProvider"])
    outputs = session.run(list(Outputs._fields), {"image": network.images[:, None]})
    return dict(zip(Outputs._fields, outputs, strict=True))


def steps_off(network: Small, outputs: EngineOutputs, expected: EngineOutputs) -> float:
    scales = network.scheme.after_elu(LAST).scales.numpy()
    return float(np.sqrt(np.square((outputs["embedding"] - expected["embedding"]) / scales).mean()))


@pytest.mark.parametrize("backend", MAY_BE_OFF)
def test_it_answers_as_simulated(network: Small, answers: dict[str, EngineOutputs], backend: str) -> None:
    kinds = Counter(network.scheme.saturates(name) for name in network.convs)
    assert min(kinds[True], kinds[False]) > 10
    outputs, expected = answers[backend], network.outputs(KEEPS[backend])
    assert steps_off(network, outputs, expected) < MAY_BE_OFF[backend]
    assert steps_off(network, outputs, network.outputs(None)) < 1
    for name, tolerance in (("logits", 2e-3), ("cam", 2e-2)):
        assert outputs[name].std() > 10 * np.abs(outputs[name] - expected[name]).mean()
        np.testing.assert_allclose(outputs[name], expected[name], atol=tolerance)


@pytest.mark.parametrize("backend", MAY_BE_OFF)
def test_outputs_are_those_of_the_float_network(
    network: Small, answers: dict[str, EngineOutputs], backend: str
) -> None:
    for name, value in network.outputs(None).items():
        assert answers[backend][name].shape == value.shape
        assert answers[backend][name].dtype == np.float32


@pytest.mark.parametrize("backend", MAY_BE_OFF)
def test_logits_are_the_mean_of_the_heat_map_and_the_bias(
    network: Small, answers: dict[str, EngineOutputs], backend: str
) -> None:
    outputs = answers[backend]
    mean = outputs["cam"].mean((2, 3), dtype=np.float64)
    np.testing.assert_allclose(outputs["logits"], mean + network.head.bias, atol=1e-5)
    np.testing.assert_allclose(
        outputs["logits"], outputs["embedding"] @ network.head.weight.T + network.head.bias, atol=1e-4
    )


def test_a_batch_gives_what_its_images_give_one_by_one(
    network: Small, answers: dict[str, EngineOutputs]
) -> None:
    session = ort.InferenceSession(onnx_bytes(network), providers=["CPUExecutionProvider"])
    for number, image in enumerate(network.images[:2]):
        for name, value in zip(
            Outputs._fields, session.run(list(Outputs._fields), {"image": image[None, None]}), strict=True
        ):
            np.testing.assert_allclose(value[0], answers["onnxruntime"][name][number], atol=1e-5)


def test_openvino_runs_all_of_it_on_integers_but_the_heat_map(answers: dict[str, EngineOutputs]) -> None:
    kinds = Counter(name.rpartition("_")[2] for name in answers["openvino"]["primitives"])
    assert kinds == {"I8": CONVOLUTIONS, "f32": 1}


def under(cap: str, model: ov.Model, images: NDArray[np.uint8], folder: Path) -> EngineOutputs:
    """Answers of OpenVINO in a process that may use no more than `cap`."""
    ov.save_model(model, folder / "m.xml", compress_to_fp16=False)
    np.save(folder / "images.npy", images)
    what = [str(folder / name) for name in ("m.xml", "images.npy", "outputs.npz")]
    command = [sys.executable, "-m", "tests.deploy.int8.openvino_run", *what]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, CAP: cap})
    with np.load(folder / "outputs.npz") as saved:
        return dict(saved)


@pytest.fixture(scope="module")
def hard() -> tuple[Small, EngineOutputs]:
    """And OpenVINO's answers on this CPU."""
    network = extreme((67, 67))
    assert all(network.scheme.saturates(name) for name in network.convs)
    return network, infer(ir(network), network.images)


@pytest.mark.parametrize("cap", PRIMITIVES)
def test_nothing_saturates_on_cpus_without_vnni(
    hard: tuple[Small, EngineOutputs], cap: str, tmp_path: Path
) -> None:
    network, here = hard
    outputs = under(cap, ir(network), network.images, tmp_path)
    ran = [name for name in outputs["primitives"] if name.endswith("_I8")]
    assert len(ran) == CONVOLUTIONS
    assert all(name.startswith(PRIMITIVES[cap]) for name in ran)
    assert steps_off(network, outputs, here) < 1e-2
    assert steps_off(network, outputs, network.outputs(False)) < 0.2


def test_weights_of_all_8_bits_would_saturate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the test above is there for: it fails by far where weights take the last bit."""
    for module in (scheme, simulated, rounding):
        monkeypatch.setattr(module, "WEIGHT_MAX", 127)
    network = extreme((67, 67))
    outputs = under("AVX2", ir(network), network.images, tmp_path)
    assert steps_off(network, outputs, network.outputs(False)) > 5

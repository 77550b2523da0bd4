"""A bundle's network to go on training, read from its FP32 model."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from edgect.errors import ModelError
from edgect.model import backends
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.head import FP32
from edgect.model.bundles.onnx_tensors import float_tensors
from train.networks.light_cnn import LightCNN

GREY = 255.0
TOLERANCE = 1e-3  # of logits, whose size is about 1 to 10; float32 sums in another order


def network_of_bundle(bundle: Bundle, upsample_groups: int, map_side: int) -> LightCNN:
    """The network in evaluation mode; its batch normalisation, which deploying folds in, is that of nothing.

    Raises ModelError where the FP32 model is not as `deploy` writes it, or answers otherwise.
    """
    content = bundle.read(FP32)
    try:
        constants = {name: tensor.read(content) for name, tensor in float_tensors(content).items()}
        mean, std = [float(v) for v in constants.values() if v.ndim == 0 and v != GREY]
        network = LightCNN(mean, std, upsample_groups, map_side)
        network.load_state_dict(_state(network, constants))
    except (ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{bundle.path / FP32}: no network that training can go on with ({error})"
        ) from error
    _check(network.eval(), bundle)
    return network


def _state(network: LightCNN, constants: dict[str, NDArray[np.float32]]) -> dict[str, torch.Tensor]:
    state = dict(network.state_dict())
    for name in state:
        if ".norm." not in name and not name.startswith("upsample."):
            state[name] = torch.from_numpy(constants[name])
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            state[f"{name}.running_var"] = torch.full_like(module.weight, 1 - module.eps)
    upsample = network.upsample
    stride, groups = upsample.stride[0], upsample.groups
    weight = torch.from_numpy(constants["upsample.0.weight"])[:, :, 0, 0]
    weight = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    state["upsample.weight"] = weight.unflatten(1, (-1, stride, stride)).contiguous()
    state["upsample.bias"] = torch.from_numpy(constants["upsample.0.bias"])[:: stride**2].contiguous()
    return state


def _check(network: LightCNN, bundle: Bundle) -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, *bundle.manifest.input.shape), np.uint8)
    expected = backends.load("onnxruntime", bundle, "fp32").infer(images).logits
    with torch.inference_mode():
        logits = network(torch.from_numpy(images))[0].numpy()
    if not math.isfinite(off := float(np.abs(logits - expected).max())) or off > TOLERANCE:
        raise ModelError(f"{bundle.path / FP32}: answers {off:.2g} off the network that was read from it")

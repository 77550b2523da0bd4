from __future__ import annotations

import pytest
import torch
from torch import nn

from train.networks.elu import Elu


@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 2e-7), (torch.bfloat16, 0.004)])
def test_is_elu_within_one_rounding_of_exp(dtype: torch.dtype, error: float) -> None:
    x = torch.cat([torch.linspace(-30, 30, 10_001), torch.linspace(-0.1, 0.1, 1001)]).to(dtype)
    difference = Elu()(x).double() - nn.functional.elu(x.double())
    assert float(difference[x < 0].abs().max()) <= error
    assert float(difference[x >= 0].abs().max()) == 0


def test_its_gradient_is_elus() -> None:
    x = torch.randn(500, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Elu(), x)
    (ours,) = torch.autograd.grad(Elu()(x).square().sum(), x)
    (theirs,) = torch.autograd.grad(nn.functional.elu(x).square().sum(), x)
    torch.testing.assert_close(ours, theirs)

"""Several networks of one architecture side by side: one pass computes what each makes of the same slices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from train.networks.architectures import Network
from train.networks.fire import Fire
from train.networks.light_cnn import LightCNN


class Stack:
    """Copies of a network as one network that is as many times as wide, its convolutions in groups.

    A network as small as these leaves a large GPU idle. Copies see the same slices and share what dropout
    drops, as trainings with one seed do, and know nothing else of each other. (`torch.func.vmap` makes the
    same of a network by itself, but leaves autocast out, and copies maps at every pooling and concatenation.)

    members: the parameters of each copy, which share memory and gradient with the stack: what an optimiser
    takes.
    """

    def __init__(self, network: Network, copies: int) -> None:
        """network: is made into the stack, so that it cannot be used any more."""
        self._network = network
        self._copies = 1
        for name, module in network.named_children():
            if isinstance(module, nn.Dropout):
                network.add_module(name, _SharedDropout(module.p))
        shapes = list(network.parameters())
        self.members = [[nn.Parameter(p.detach()) for p in shapes] for _ in range(copies)]
        self._choose([0] * copies)

    def train(self, mode: bool = True) -> None:
        self._network.train(mode)

    def logits(self, images: Tensor) -> Tensor:
        """images: uint8 `[N, 1, H, W]`; returns `[copies, N, 2]`."""
        network, copies = self._network, self._copies
        if isinstance(network, LightCNN):  # without class activation maps, of which training has no use
            head, pooled = network.classifier, network.features(images).mean((2, 3))
            weights, biases = (p.unflatten(0, (copies, -1)) for p in (head.weight, head.bias))
            embeddings = _by_copy(pooled, copies)
            return torch.baddbmm(biases.unsqueeze(1), embeddings, weights.transpose(1, 2))
        values: Tensor = network(images)[0]
        return _by_copy(values, copies)

    def zero_grad(self) -> None:
        """In place, since members share it."""
        for parameter in self._network.parameters():
            assert parameter.grad is not None
            parameter.grad.zero_()

    def keep(self, places: Sequence[int]) -> None:
        """Let the other copies go; an optimiser of the members that stay need not know."""
        self.members = [self.members[place] for place in places]
        self._choose(places)

    def state(self) -> dict[str, Tensor]:
        """Parameters and buffers, those of each copy in turn along the first axis."""
        return dict(self._network.state_dict())

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go back to a state of as many copies."""
        self._network.load_state_dict(state)

    def _choose(self, places: Sequence[int]) -> None:
        """Make the stack of the copies at these places of what it is now."""
        before, self._copies = self._copies, len(places)
        for module in self._network.modules():
            if isinstance(module, Fire | LightCNN | _SharedDropout):
                module.copies = self._copies
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module is not self._network.conv1:
                module.groups = module.groups // before * self._copies
            for name, parameter in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(_chosen(parameter.detach(), places, before)))
            for name, buffer in list(module.named_buffers(recurse=False)):
                if buffer.dim():  # all but batch normalisation's count of batches
                    setattr(module, name, _chosen(buffer, places, before))
        for parameter in self._network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        for number, member in enumerate(self.members):
            for own, parameter in zip(member, self._network.parameters(), strict=True):
                assert parameter.grad is not None
                own.data = parameter.data.chunk(self._copies)[number]
                own.grad = parameter.grad.chunk(self._copies)[number]


class _SharedDropout(nn.Module):
    """Dropout whose draw is the same for every copy: what nn.Dropout would draw for one alone."""

    copies = 1

    def __init__(self, p: float) -> None:
        super().__init__()
        self._kept = 1 - p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        mask = torch.empty_like(x[:, : x.shape[1] // self.copies], memory_format=torch.channels_last)
        mask.bernoulli_(self._kept).div_(self._kept)
        maps: Tensor = x.permute(0, 2, 3, 1).unflatten(3, (self.copies, -1))  # as they lie in memory
        return (maps * mask.permute(0, 2, 3, 1).unsqueeze(3)).flatten(3, 4).permute(0, 3, 1, 2)


def _by_copy(values: Tensor, copies: int) -> Tensor:
    """`[N, copies * n]` to `[copies, N, n]`."""
    return values.view(len(values), copies, -1).transpose(0, 1)


def _chosen(value: Tensor, places: Sequence[int], copies: int) -> Tensor:
    index = torch.tensor(places, device=value.device)
    chosen: Tensor = value.unflatten(0, (copies, -1)).index_select(0, index).flatten(0, 1)
    return chosen.contiguous(memory_format=torch.channels_last) if chosen.dim() == 4 else chosen

"""The paper's light CNN (section 2.3, Figure 3)."""

from __future__ import annotations

from torch import Tensor, nn

from edgect.errors import UsageError
from train.networks.elu import Elu
from train.networks.fire import FIRE, Fire, concatenated

PLACE = 4  # side of what attention weighs: what the transposed convolution made of one cell


def check_image_size(size: int) -> None:
    """Raise UsageError unless the x4 transposed convolution meets the skip at this size.

    It does where both poolings below the skip divide evenly: 67, 83, 99, ... 227, ...
    """
    if size < 67 or (size - 67) % 16:
        raise UsageError(f"image size {size} does not fit the network; 67, 83, 99, ... 227 do")


class Upsample(nn.ConvTranspose2d):
    """Transposed convolution with kernel equal to stride, computed without overlap-adding.

    Such a layer is exactly a 1x1 convolution followed by a pixel shuffle, which trains faster
    on CPUs and, unlike a grouped ConvTranspose, quantizes on every engine. Weights and their
    names are ConvTranspose2d's. `[N, C, H, W]` to `[N, out, stride * H, stride * W]`.
    """

    def __init__(self, channels: int, out: int, stride: int, groups: int) -> None:
        super().__init__(channels, out, stride, stride=stride, groups=groups)

    def as_convolution(self) -> tuple[Tensor, Tensor]:
        """Weight `[out * stride**2, C / groups, 1, 1]` and bias of the equal 1x1 convolution."""
        weight = self.weight.unflatten(0, (self.groups, -1)).flatten(2).transpose(1, 2)
        assert self.bias is not None
        return weight.flatten(0, 1)[..., None, None], self.bias.repeat_interleave(self.stride[0] ** 2)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        weight, bias = self.as_convolution()
        return nn.functional.pixel_shuffle(
            nn.functional.conv2d(x, weight, bias, groups=self.groups), self.stride[0]
        )


class LightCNN(nn.Module):
    """The proposed CNN: uint8 `[N, 1, 227, 227]` to logits, class activation map and embedding.

    Read off Figure 3: SqueezeNet v1.1's trunk without bypass, of Custom Fire modules; the 512
    maps after the last (14x14) are brought to 128 maps of 56x56 by a transposed convolution,
    concatenated with the 128 maps after the second module, and weighted by a 1x1 convolution
    of 128 filters; global average pool; two classes. ELU follows the transposed and the 1x1
    convolution, as in the figure's legend: a head without it would be one linear map.

    Two things that the paper leaves open:

    - *The transposed kernel.* The paper counts 1.26 M parameters. A dense 4x4 kernel makes
      1.80 M; a dense 3x3 1.35 M, and with stride 4 it would leave every fourth row and column
      without input; a 4x4 kernel in two groups makes 1,279,554, 1.6 % above the paper, and is
      used.
    - *The last concatenation.* The text has all maps "concatenated in depth" once more before
      the pool; the figure has no such layer, and it would make the pooled vector longer than
      the 128 filters of the weighted sum. We read it as the stack of those 128 maps, which the
      pool averages one by one, and add no layer.

    Grey levels are scaled inside the network, `(x / 255 - mean) / std`, so that training,
    calibration and every engine see the same bytes.

    Any height and width that `check_image_size` takes will do.

    mean, std: of the training slices' grey levels, in 0 to 1. upsample_groups: of the transposed
    convolution, whose 1,048,576 weights at 1 group are divided by their number. map_side: class
    activation maps are averaged over squares of this side; at 4 each is what the transposed
    convolution made of one place, with other weights for each of 16, which otherwise shows as a grid.
    attention: the pool weights places, squares of 4 by 4, by a softmax of a linear map of their features,
    which starts as the plain mean (attention-based pooling, Ilse et al. 2018, without its hidden layer).
    copies: of networks side by side, each with its share of the channels (`train/networks/stack.py`).
    """

    copies = 1

    fire2: Fire
    fire3: Fire
    fire4: Fire
    fire5: Fire
    fire6: Fire
    fire7: Fire
    fire8: Fire
    fire9: Fire

    def __init__(
        self,
        mean: float = 0.5,
        std: float = 0.25,
        upsample_groups: int = 2,
        map_side: int = 1,
        attention: bool = False,
    ) -> None:
        super().__init__()
        self.mean, self.std, self.map_side = mean, std, map_side
        self.conv1 = nn.Conv2d(1, 64, 3, stride=2)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        channels = 64
        for number, (squeeze, expand) in FIRE.items():
            self.add_module(f"fire{number}", Fire(channels, squeeze, expand))
            channels = 2 * expand
        self.upsample = Upsample(channels, 128, stride=4, groups=upsample_groups)
        self.weighted_sum = nn.Conv2d(256, 128, 1)
        self.elu = Elu()
        self.channels = 128
        self.classifier = nn.Linear(128, 2)
        self.attention = nn.Conv2d(128, 1, 1, bias=False) if attention else None
        if self.attention is not None:
            nn.init.zeros_(self.attention.weight)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """image: uint8 `[N, 1, 227, 227]`, 0 to 255.

        Returns float32 logits `[N, 2]` (not COVID-19, COVID-19), cam `[N, 2, 56, 56]` (at map_side 1) with
        `logits = mean(cam) + bias` (Zhou et al. 2016, equation 2), embedding `[N, 128]`.
        """
        features = self.features(image)
        embedding = features.mean((2, 3))
        logits = self.classifier(embedding)
        cam = nn.functional.conv2d(features, self.classifier.weight[:, :, None, None])
        if self.map_side > 1:
            cam = nn.functional.avg_pool2d(cam, self.map_side)
        return logits, cam, embedding

    def evidence(self, features: Tensor) -> Tensor:
        """Difference of the class activation maps, float32 `[N, 56, 56]`, of the maps before the pool."""
        weight = self.classifier.weight[1] - self.classifier.weight[0]
        return (features * weight[:, None, None]).sum(1)

    def features(self, image: Tensor) -> Tensor:
        """The 128 maps before the pool, float32 `[N, 128, 56, 56]`; with attention, weighted by it."""
        x = (image.float() / 255 - self.mean) / self.std
        skip = self.early(x)
        deep = self.elu(self.upsample(self.late(skip)))
        maps: Tensor = self.elu(self.weighted_sum(concatenated([skip, deep], self.copies)))
        return maps if self.attention is None else maps * self.attended(maps)

    def attended(self, maps: Tensor) -> Tensor:
        """Weight of every place, of mean 1, `[N, 1, 56, 56]`, the same within squares of `PLACE`."""
        assert self.attention is not None
        scores = self.attention(nn.functional.avg_pool2d(maps, PLACE))
        weights = scores.flatten(1).float().softmax(1).view_as(scores) * scores[0].numel()
        return nn.functional.interpolate(weights, scale_factor=float(PLACE)).to(maps.dtype)

    def early(self, x: Tensor) -> Tensor:
        """Scaled image to the maps after the second module, `[N, 128, 56, 56]`."""
        maps: Tensor = self.fire3(self.fire2(self.pool(self.elu(self.conv1(x)))))
        return maps

    def late(self, x: Tensor) -> Tensor:
        """Maps after the second module to those after the last, `[N, 512, 14, 14]`."""
        x = self.fire5(self.fire4(self.pool(x)))
        maps: Tensor = self.fire9(self.fire8(self.fire7(self.fire6(self.pool(x)))))
        return maps

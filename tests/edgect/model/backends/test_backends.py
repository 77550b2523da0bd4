from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from edgect.errors import EngineError, UsageError
from edgect.model import backends
from edgect.model.backends import BACKENDS, PRECISIONS, Session
from edgect.model.bundles.bundle import Bundle
from edgect.model.preprocess.steps import Preprocess
from edgect.model.registry import PACKAGES
from tests.edgect.synthetic import body


@pytest.fixture(scope="module")
def images(bundle: Bundle) -> NDArray[np.uint8]:
    preprocess = Preprocess(bundle.manifest.input.steps)
    return np.stack([preprocess(body(seed))[0] for seed in range(4)])


@pytest.fixture(scope="module")
def sessions(bundle: Bundle) -> dict[tuple[str, str], Session]:
    return {(b, p): backends.load(b, bundle, p, threads=1) for b in BACKENDS for p in PRECISIONS}


every = pytest.mark.parametrize(("backend", "precision"), [(b, p) for b in BACKENDS for p in PRECISIONS])
both = pytest.mark.parametrize("backend", BACKENDS)


@every
def test_outputs_have_the_shapes_of_the_contract(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8], backend: str, precision: str
) -> None:
    outputs = sessions[backend, precision].infer(images)
    count, (_, height, width) = len(images), images.shape[1:]
    assert outputs.logits.shape == (count, 2)
    assert outputs.cam.shape[:2] == (count, 2)
    assert {height // outputs.cam.shape[2], width // outputs.cam.shape[3]} <= {4, 16}
    bias = outputs.logits - outputs.cam.mean((2, 3))
    np.testing.assert_allclose(bias, np.broadcast_to(bias[0], bias.shape), atol=1e-3)
    assert outputs.embedding.shape == (count, 128)
    for output in outputs:
        assert output.dtype == np.float32
        assert np.isfinite(output).all()


@every
def test_a_batch_answers_like_its_images_one_by_one(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8], backend: str, precision: str
) -> None:
    session = sessions[backend, precision]
    together = session.infer(images)
    alone = [session.infer(image[np.newaxis]) for image in images]
    for number, output in enumerate(together):
        np.testing.assert_allclose(
            output, np.concatenate([outputs[number] for outputs in alone]), atol=1e-3, rtol=1e-3
        )
    assert np.ptp(together.logits[:, 1]) > 0.01  # the images do differ


@every
def test_an_earlier_answer_is_not_overwritten_by_a_later_one(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8], backend: str, precision: str
) -> None:
    session = sessions[backend, precision]
    first = session.infer(images[:1])
    kept = [output.copy() for output in first]
    session.infer(255 - images[:1])
    for output, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(output, before)


@both
def test_logits_are_the_mean_of_the_maps_plus_a_constant(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8], backend: str
) -> None:
    outputs = sessions[backend, "fp32"].infer(images)
    bias = outputs.logits - outputs.cam.mean(axis=(2, 3))
    np.testing.assert_allclose(bias, np.broadcast_to(bias[0], bias.shape), atol=2e-4)
    assert np.ptp(outputs.logits[:, 1] - outputs.logits[:, 0]) > 0.01


def test_the_engines_agree_on_fp32(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8]
) -> None:
    first, second = (sessions[backend, "fp32"].infer(images) for backend in BACKENDS)
    for name in first._fields:
        scale = float(np.abs(getattr(first, name)).max())
        np.testing.assert_allclose(
            getattr(first, name), getattr(second, name), atol=1e-4 * scale, err_msg=name
        )


@every
def test_what_was_used_is_recorded(
    sessions: dict[tuple[str, str], Session], backend: str, precision: str
) -> None:
    engine = sessions[backend, precision].engine
    assert (engine.backend, engine.precision, engine.threads) == (backend, precision, 1)
    assert version(PACKAGES[backend]).startswith(engine.version)


@every
def test_several_threads_get_the_answers_of_one(
    bundle: Bundle,
    sessions: dict[tuple[str, str], Session],
    images: NDArray[np.uint8],
    backend: str,
    precision: str,
) -> None:
    shared = backends.load(backend, bundle, precision, threads=2, streams=2)
    assert shared.streams == 2
    assert shared.engine == replace(sessions[backend, precision].engine, threads=2)
    alone = [sessions[backend, precision].infer(image[np.newaxis]) for image in images]
    with ThreadPoolExecutor(5) as pool:  # more than streams: they wait, and get no other's answer
        results = list(pool.map(lambda image: shared.infer(image[np.newaxis]), [*images] * 10))
    for number, outputs in enumerate(results):
        for output, expected in zip(outputs, alone[number % len(images)], strict=True):
            np.testing.assert_array_equal(output, expected)


@every
def test_an_image_of_another_size_is_an_engine_error(
    sessions: dict[tuple[str, str], Session], images: NDArray[np.uint8], backend: str, precision: str
) -> None:
    with pytest.raises(EngineError):
        sessions[backend, precision].infer(np.ascontiguousarray(images[:, :, :-8, :-8]))


def engine_file(backend: str) -> ModuleType:
    return import_module(f"edgect.model.backends.{backend}")


@both
def test_settings_depend_on_nothing_but_their_argument(backend: str) -> None:
    settings = engine_file(backend).settings
    first = settings(3)
    first["changed"] = "by the caller"
    assert settings(3) == {key: value for key, value in first.items() if key != "changed"}
    assert settings(1) != settings(3)
    assert settings(4) == settings(4, 1) != settings(4, 4)


@pytest.mark.parametrize(
    ("backend", "option"), [("onnxruntime", "intra_op_num_threads"), ("openvino", "INFERENCE_NUM_THREADS")]
)
def test_threads_are_shared_out_among_the_callers(backend: str, option: str) -> None:
    settings = engine_file(backend).settings
    assert [int(settings(4, streams)[option]) for streams in (1, 2, 4)] == [4, 2, 1]


def test_openvino_computes_in_f32_whatever_the_processor() -> None:
    settings = engine_file("openvino").settings(2)
    assert settings["INFERENCE_PRECISION_HINT"] == "f32"
    assert settings["INFERENCE_NUM_THREADS"] == "2"


@both
def test_the_files_of_a_precision_are_in_the_bundle(bundle: Bundle, backend: str) -> None:
    for precision in PRECISIONS:
        files = engine_file(backend).files(precision)
        assert files
        assert set(files) <= set(bundle.manifest.files)


@pytest.mark.parametrize(
    ("backend", "precision", "threads"),
    [("tensorflow", "int8", 1), ("../openvino", "int8", 1), ("openvino", "int4", 1), ("openvino", "int8", 0)],
)
def test_what_does_not_exist_is_a_usage_error(
    bundle: Bundle, backend: str, precision: str, threads: int
) -> None:
    with pytest.raises(UsageError):
        backends.load(backend, bundle, precision, threads)


@pytest.mark.parametrize("streams", [0, 3])
def test_more_streams_than_threads_are_a_usage_error(bundle: Bundle, streams: int) -> None:
    with pytest.raises(UsageError, match="streams"):
        backends.load("onnxruntime", bundle, "int8", 2, streams)


@both
def test_an_engine_that_is_not_installed_is_named(backend: str) -> None:
    program = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from edgect import Classifier; from edgect.errors import EngineError\n"
        "try: Classifier(backend=sys.argv[1])\n"
        "except EngineError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, backend], capture_output=True, text=True, check=True
    )
    assert f"needs the package {PACKAGES[backend]}, which is not installed" in done.stdout
    assert re.search(rf"pip install \S*{PACKAGES[backend]}", done.stdout)
    other = next(name for name in BACKENDS if name != backend)
    assert f"or use backend {other}, which is installed" in done.stdout

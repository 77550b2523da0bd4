"""The contract of a backend: both real ones keep it, and every way to break it is named."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from edgect.errors import EngineError
from edgect.model.backends import BACKENDS, PRECISIONS, Backend, Outputs, Precision, onnxruntime
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import in_child
from edgect.model.conformance.check import BackendContractError, check_backend

Infer = Callable[[NDArray[np.uint8]], Any]
Wrapper = Callable[[Infer, NDArray[np.uint8]], Any]


class Session:
    """ONNX Runtime's session, whose `infer` goes through `wrapper`."""

    def __init__(self, session: onnxruntime.OnnxRuntimeSession, wrapper: Wrapper) -> None:
        self.engine, self.streams = session.engine, session.streams
        self._session, self._wrapper = session, wrapper

    def infer(self, images: NDArray[np.uint8]) -> Any:
        return self._wrapper(self._session.infer, images)


class Dummy:
    """A backend that differs from ONNX Runtime in its sessions' `infer` alone."""

    def __init__(self, wrapper: Wrapper = lambda infer, images: infer(images)) -> None:
        self._wrapper = wrapper

    def files(self, precision: Precision) -> Any:
        return onnxruntime.files(precision)

    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Any:
        return Session(onnxruntime.load(bundle, precision, threads, streams), self._wrapper)


def breaches(backend: object, bundle: Bundle) -> tuple[str, ...]:
    with pytest.raises(BackendContractError) as refused:
        check_backend(cast(Backend, backend), bundle, ["fp32"])
    for breach in refused.value.breaches:
        assert breach.startswith("fp32: ")
        assert f"\n- {breach}" in str(refused.value)
    return refused.value.breaches


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_real_backend_keeps_it(backend: str, precision: Precision) -> None:
    check_backend(import_module(f"edgect.model.backends.{backend}"), precisions=[precision])


def test_a_backend_need_not_be_a_module(bundle: Bundle) -> None:
    check_backend(cast(Backend, Dummy()), bundle, ["fp32"])


def changed(change: Callable[[Outputs], object]) -> Wrapper:
    return lambda infer, images: change(infer(images))


def first_image_alone(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
    first = infer(images[:1])
    return Outputs(*(np.concatenate([output] * len(images)) for output in first))


def with_changed_input(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
    outputs = infer(images)
    images += 1
    return outputs


def of_the_whole_array(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
    """As an engine does that takes the address of a buffer, and not where in it the images begin."""
    whole = images if images.base is None else images.base.reshape(-1, *images.shape[1:])
    return infer(np.ascontiguousarray(whole[: len(images)]))


def with_any_error(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
    try:
        return infer(images)
    except EngineError as error:
        raise RuntimeError("the engine's own") from error


def with_its_own_size(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
    height, width = 131, 179
    return infer(np.resize(images, (len(images), 1, height, width)))


def overwriting() -> Wrapper:
    kept: list[Outputs] = []

    def infer_into(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
        outputs = infer(images)
        for old in kept:
            for into, values in zip(old, outputs, strict=True):
                into[:] = values[: len(into)] if len(values) >= len(into) else values[0]
        kept[:] = [outputs]
        return outputs

    return infer_into


def mixing_threads_up() -> Wrapper:
    """Whoever is not the main thread gets the outputs of another image."""

    def infer_other(infer: Infer, images: NDArray[np.uint8]) -> Outputs:
        is_main = threading.current_thread() is threading.main_thread()
        return infer(images if is_main else 255 - images)

    return infer_other


WRAPPERS: dict[str, tuple[Wrapper, str]] = {
    "no Outputs": (changed(tuple), "infer() must return Outputs, not tuple."),
    "float64": (
        changed(lambda outputs: outputs._replace(logits=outputs.logits.astype(np.float64))),
        "logits must be a float32 array, not float64.",
    ),
    "a list": (
        changed(lambda outputs: outputs._replace(cam=outputs.cam.tolist())),
        "cam must be a float32 array, not list.",
    ),
    "flat maps": (
        changed(lambda outputs: outputs._replace(cam=outputs.cam.mean((2, 3)))),
        "cam must have shape [3, 2, any, any] for 3 images, not [3, 2].",
    ),
    "half an embedding": (
        changed(lambda outputs: outputs._replace(embedding=outputs.embedding[:, :64])),
        "embedding must have shape [3, 128] for 3 images, not [3, 64].",
    ),
    "one row": (
        changed(lambda outputs: Outputs(*(output[:1] for output in outputs))),
        "logits must have shape [3, 2] for 3 images, not [1, 2].",
    ),
    "not a number": (
        changed(lambda outputs: outputs._replace(logits=outputs.logits * np.float32("nan"))),
        "logits holds values that are not finite.",
    ),
    "changed input": (with_changed_input, "infer() changes its input."),
    "first image alone": (
        first_image_alone,
        "logits of a batch differs from logits of its images one by one.",
    ),
    "start of the array": (
        of_the_whole_array,
        "logits of a batch differs from logits of its images one by one.",
    ),
    "overwritten": (overwriting(), "A later call of infer() overwrites the outputs of an earlier one."),
    "other logits": (
        changed(lambda outputs: outputs._replace(logits=outputs.logits * 2)),
        "logits are not the mean of cam plus a constant.",
    ),
    "labels swapped": (
        changed(lambda outputs: outputs._replace(logits=outputs.logits[:, ::-1], cam=outputs.cam[:, ::-1])),
        "The golden answer differs: log_odds is off by",
    ),
    "threads mixed up": (
        mixing_threads_up(),
        "Several threads at once get other outputs than a single thread.",
    ),
    "another error": (
        with_any_error,
        "infer() of images of another size must raise EngineError; it raised RuntimeError",
    ),
    "any size": (
        with_its_own_size,
        "infer() of images of another size must raise EngineError; it returned.",
    ),
}


@pytest.mark.parametrize(("wrapper", "breach"), WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrong_inference_is_named(bundle: Bundle, wrapper: Wrapper, breach: str) -> None:
    assert [b for b in breaches(Dummy(wrapper), bundle) if b.startswith(f"fp32: {breach}")]


def test_an_error_for_valid_images_is_named(bundle: Bundle) -> None:
    def fail(infer: Infer, images: NDArray[np.uint8]) -> None:
        raise EngineError("out of memory")

    assert breaches(Dummy(fail), bundle) == (
        "fp32: infer() raised EngineError('out of memory') for valid images.",
    )


class FromFolder(Dummy):
    """Reads past the bundle, and so without its hashes and errors."""

    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Any:
        (bundle.path / f"{precision}.onnx").read_bytes()
        return super().load(Bundle.load(), precision, threads, streams)


class OwnErrors(Dummy):
    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Any:
        try:
            return super().load(bundle, precision, threads, streams)
        except Exception as error:
            raise ValueError("no such model") from error


class WithoutStreams(Dummy):
    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Any:
        session = super().load(bundle, precision, threads, streams)
        session.streams = 0
        session.engine = "ONNX Runtime"
        return session


class Unloadable(Dummy):
    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Any:
        super().load(bundle, precision, threads, streams)
        raise OSError("libengine.so is missing")


class NoFiles(Dummy):
    def files(self, precision: Precision) -> Any:
        return ()


class FailingFiles(Dummy):
    def files(self, precision: Precision) -> Any:
        raise KeyError(precision)


LOADERS: dict[type[Dummy], list[str]] = {
    FromFolder: [
        "load() of a bundle that lacks the model's file must raise ModelError; it returned.",
        "load() of a file that is no model must raise EngineError; it returned.",
    ],
    OwnErrors: [
        "load() of a bundle that lacks the model's file must raise ModelError; it raised ValueError",
        "load() of a file that is no model must raise EngineError; it raised ValueError",
    ],
    WithoutStreams: [
        "Session.engine must be an Engine, not 'ONNX Runtime'.",
        "Session.streams must be a positive number, not 0.",
    ],
    Unloadable: ["load() raised OSError('libengine.so is missing')."],
    NoFiles: ["files() must return a tuple of file names, not ()."],
    FailingFiles: ["files() raised KeyError('fp32')."],
}


@pytest.mark.parametrize(("backend", "expected"), LOADERS.items(), ids=[c.__name__ for c in LOADERS])
def test_a_wrong_load_is_named(bundle: Bundle, backend: type[Dummy], expected: list[str]) -> None:
    listed = breaches(backend(), bundle)
    for breach in expected:
        assert [b for b in listed if b.startswith(f"fp32: {breach}")]


class Fearless(Dummy):
    """Forgets the forks since it was loaded, and does in the forked process what `in_child` says."""

    def __init__(self, act: Callable[[], object]) -> None:
        from edgect.model.backends.forked import forks

        here = forks()

        def infer_anyway(infer: Infer, images: NDArray[np.uint8]) -> Any:
            return infer(images) if forks() == here else act()

        super().__init__(infer_anyway)


def ended() -> None:
    import os

    os._exit(9)


def failed() -> None:
    raise RuntimeError("no thread")


@pytest.mark.parametrize(
    ("act", "predicate"),
    [
        (lambda: None, "returned"),
        (failed, "raised another error"),
        (ended, "ended the process with exit code 9"),
        (lambda: threading.Event().wait(), "hung for 1 seconds"),
    ],
    ids=["returns", "fails otherwise", "ends", "hangs"],
)
def test_an_inference_after_a_fork_is_named(
    bundle: Bundle, act: Callable[[], object], predicate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_child, "SECONDS", 1.0)
    assert breaches(Fearless(act), bundle) == (
        "fp32: infer() in a process that was forked since load() must raise EngineError; it "
        + predicate
        + ".",
    )

"""Whether a backend keeps the contract of `edgect.model.backends.Backend`, whoever wrote it.

As a script, `python -m edgect.model.conformance.check BACKEND`.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError, ModelError
from edgect.model.backends import PRECISIONS, Backend, Engine, Outputs, Precision, Session
from edgect.model.backends.forked import at_work
from edgect.model.bundles.bundle import Bundle
from edgect.model.conformance import golden
from edgect.model.conformance.in_child import error_in_child

EMBEDDING = 128
THREADS = STREAMS = 2
IMAGES, ROUNDS, SEED = 3, 8, 0
CLOSE = 1e-3  # of two answers to one image, as a share of the output's largest value


class BackendContractError(EngineError):
    """A backend breaks the contract. breaches: every one, a sentence each."""

    def __init__(self, breaches: Sequence[str]) -> None:
        self.breaches = tuple(breaches)
        super().__init__("the backend breaks the contract:\n" + "\n".join(f"- {b}" for b in breaches))


def check_backend(
    backend: Backend, bundle: Bundle | None = None, precisions: Sequence[Precision] = PRECISIONS
) -> None:
    """Load a bundle's models with a backend, infer, and compare with what `Backend` and `Session` promise.

    Parameters
    ----------
    backend : Backend
        A module, or any other object with its functions.
    bundle : Bundle, optional
        The default bundle, unless another is named.
    precisions : sequence of {"int8", "fp32"}
        Those that the backend is to be checked at.

    Raises
    ------
    BackendContractError
        It lists every breach.

    Examples
    --------
    >>> from edgect.model.backends import onnxruntime
    >>> from edgect.model.conformance.check import check_backend
    >>> check_backend(onnxruntime, precisions=["int8"])
    """
    bundle = bundle or Bundle.load()
    breaches = [
        f"{precision}: {breach}"
        for precision in precisions
        for breach in _breaches(backend, bundle, precision)
    ]
    if breaches:
        raise BackendContractError(breaches)


def _breaches(backend: Backend, bundle: Bundle, precision: Precision) -> Iterator[str]:
    try:
        files = backend.files(precision)
    except Exception as error:
        yield f"files() raised {error!r}."
        return
    if not isinstance(files, tuple) or not files or not all(isinstance(name, str) for name in files):
        yield f"files() must return a tuple of file names, not {files!r}."
        return
    yield from _loading_failures(backend, bundle, precision, files)
    try:
        with at_work():
            alone = backend.load(bundle, precision, 1, 1)
            session = backend.load(bundle, precision, THREADS, STREAMS)
    except Exception as error:
        yield f"load() raised {error!r}."
        return
    yield from _description(session, precision)
    images = np.random.default_rng(SEED).integers(0, 256, (IMAGES, *bundle.manifest.input.shape), np.uint8)
    try:
        wrong = list(_outputs(alone, images))
        yield from wrong or (*_batches(alone, images), *_threads(alone, session, images))
        if not wrong and golden.is_stored(bundle):
            summary = golden.answer(bundle, alone)
            for difference in golden.differences(bundle, alone.engine.backend, precision, summary):
                yield f"The golden answer differs: {difference}."
    except Exception as error:
        yield f"infer() raised {error!r} for valid images."
        return
    yield from _inference_failures(alone, images)


def _loading_failures(
    backend: Backend, bundle: Bundle, precision: Precision, files: Sequence[str]
) -> Iterator[str]:
    """With bundles that lack the model's files, and that hold others under their names."""
    content = b"This is no model."
    damaged = {name: hashlib.sha256(content).hexdigest() for name in files}
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            (Path(folder) / name).write_bytes(content)
        for hashes, expected, reason in (
            ({}, ModelError, "a bundle that lacks the model's file"),
            (damaged, EngineError, "a file that is no model"),
        ):
            # a digest that no bundle has, so that no compiled model is kept under it
            other = Bundle(
                bundle.name,
                Path(folder),
                replace(bundle.manifest, files=hashes),
                f"checked {expected.__name__}",
            )

            def load(other: Bundle = other) -> object:
                return backend.load(other, precision, 1, 1)

            yield from _must_raise(expected, f"load() of {reason}", load)


def _description(session: Session, precision: Precision) -> Iterator[str]:
    engine, streams = getattr(session, "engine", None), getattr(session, "streams", None)
    if not isinstance(engine, Engine):
        yield f"Session.engine must be an Engine, not {engine!r}."
    elif engine.precision != precision or engine.threads < 1 or not (engine.backend and engine.version):
        yield f"Session.engine does not say what was loaded: {engine}."
    if not isinstance(streams, int) or streams < 1:
        yield f"Session.streams must be a positive number, not {streams!r}."


def _outputs(session: Session, images: NDArray[np.uint8]) -> Iterator[str]:
    before = images.copy()
    outputs = session.infer(images)
    if not np.array_equal(before, images):
        yield "infer() changes its input."
    if not isinstance(outputs, Outputs):
        yield f"infer() must return Outputs, not {type(outputs).__name__}."
        return
    count = len(images)
    shapes: dict[str, tuple[int | None, ...]] = {
        "logits": (count, 2),
        "cam": (count, 2, None, None),
        "embedding": (count, EMBEDDING),
    }
    for name, shape in shapes.items():
        output = getattr(outputs, name)
        if not isinstance(output, np.ndarray) or output.dtype != np.float32:
            yield f"{name} must be a float32 array, not {getattr(output, 'dtype', type(output).__name__)}."
            continue
        if output.ndim != len(shape) or any(
            s not in (None, n) for s, n in zip(shape, output.shape, strict=True)
        ):
            expected = ", ".join("any" if side is None else str(side) for side in shape)
            yield f"{name} must have shape [{expected}] for {count} images, not {list(output.shape)}."
        elif not np.isfinite(output).all():
            yield f"{name} holds values that are not finite."


def _batches(session: Session, images: NDArray[np.uint8]) -> Iterator[str]:
    """Of several images at once, of each alone, and of one after another."""
    together = session.infer(images)
    copies = [output.copy() for output in together]
    separate = [session.infer(images[n : n + 1]) for n in range(len(images))]  # contiguous, in a larger array
    if not all(map(np.array_equal, together, copies)):
        yield "A later call of infer() overwrites the outputs of an earlier one."
    for name, batch, *parts in zip(Outputs._fields, copies, *separate, strict=True):
        if not _is_close(batch, np.concatenate(parts)):
            yield f"{name} of a batch differs from {name} of its images one by one."
    bias = copies[0] - copies[1].mean((2, 3))
    if not np.allclose(bias, bias[0], atol=CLOSE * float(np.abs(copies[1]).max())):
        yield "logits are not the mean of cam plus a constant."


def _threads(alone: Session, session: Session, images: NDArray[np.uint8]) -> Iterator[str]:
    """More threads at once than the session has streams, against a session of one."""
    numbers = [*range(len(images))] * ROUNDS
    expected = [alone.infer(images[n : n + 1]) for n in range(len(images))]
    with ThreadPoolExecutor(STREAMS + 2) as pool:
        outputs = list(pool.map(lambda n: session.infer(images[n : n + 1]), numbers))
    pairs = [(output, expected[n]) for n, output in zip(numbers, outputs, strict=True)]
    if not all(all(map(_is_close, output, wanted)) for output, wanted in pairs):
        yield "Several threads at once get other outputs than a single thread."


def _inference_failures(session: Session, images: NDArray[np.uint8]) -> Iterator[str]:
    smaller = np.ascontiguousarray(images[:, :, :-8, :-8])
    yield from _must_raise(EngineError, "infer() of images of another size", lambda: session.infer(smaller))
    raised = error_in_child(lambda: session.infer(images[:1]))
    if raised != EngineError.__name__:
        yield f"infer() in a process that was forked since load() must raise EngineError; it {raised}."


def _must_raise(expected: type[Exception], call: str, work: Callable[[], object]) -> Iterator[str]:
    try:
        work()
    except expected:
        return
    except Exception as error:
        yield f"{call} must raise {expected.__name__}; it raised {error!r}."
    else:
        yield f"{call} must raise {expected.__name__}; it returned."


def _is_close(output: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    if output.shape != expected.shape:
        return False
    return bool(np.abs(output - expected).max() <= CLOSE * np.abs(expected).max())


def main(name: str) -> None:
    """Check a backend of edgect by its name."""
    check_backend(cast(Backend, import_module(f"edgect.model.backends.{name}")))
    print(f"{name} keeps the contract of a backend.")


if __name__ == "__main__":
    main(*sys.argv[1:])

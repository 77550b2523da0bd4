"""One small file per inference engine, behind one protocol."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Literal, NamedTuple, Protocol, cast, get_args

import numpy as np
from numpy.typing import NDArray

from edgect.errors import EngineError, UsageError
from edgect.machine.installation import install_command
from edgect.machine.processor import available_cores as available_cores
from edgect.model.backends.forked import at_work
from edgect.model.bundles.bundle import Bundle
from edgect.model.registry import AUTO as AUTO
from edgect.model.registry import BACKENDS as BACKENDS
from edgect.model.registry import DEFAULT_BACKEND as DEFAULT_BACKEND
from edgect.model.registry import PACKAGES

Precision = Literal["int8", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


class Outputs(NamedTuple):
    """The network's answer to `[N, 1, H, W]`, all float32.

    logits `[N, 2]` (not COVID-19, COVID-19), cam `[N, 2, h, w]`, embedding `[N, 128]`.
    """

    logits: NDArray[np.float32]
    cam: NDArray[np.float32]
    embedding: NDArray[np.float32]


@dataclass(frozen=True)
class Engine:
    """What was actually used, as the engine itself reports it where it can."""

    backend: str
    version: str
    precision: Precision
    threads: int


class Session(Protocol):
    """A loaded model. streams: how many threads may be in `infer` without one waiting for another."""

    engine: Engine
    streams: int

    def infer(self, images: NDArray[np.uint8]) -> Outputs:
        """images: uint8 `[N, 1, H, W]`, contiguous.

        May be called from several threads; the answer is the same whatever the streams. Raises EngineError
        when the engine fails, and in a process that was forked since the model was loaded.
        """
        ...


class Backend(Protocol):
    """What a file in this folder offers.

    files: the bundle's files that a precision needs. load: raises EngineError when the engine cannot
    load the model, ModelError when the bundle lacks a file. `edgect.model.conformance.check` holds a
    backend to all of this.
    """

    def files(self, precision: Precision) -> tuple[str, ...]: ...

    def load(self, bundle: Bundle, precision: Precision, threads: int, streams: int) -> Session: ...


def load(
    name: str, bundle: Bundle, precision: str = "int8", threads: int | None = None, streams: int = 1
) -> Session:
    """Load a bundle's model with an engine; `threads` defaults to the cores this process may use.

    name: of a backend, or `auto` for the one that is faster here, which is measured at first.

    streams: how many scans are to be inferred on at once, for which the threads are shared out; one
    gets the soonest answer on a single scan, as many as threads the most scans an hour.

    Raises UsageError (unknown backend or precision, no thread or stream), EngineError (not installed,
    it failed, or the bundle is not for it), ModelError (the bundle lacks the file).
    """
    if name not in (*BACKENDS, AUTO):
        raise UsageError(f"unknown backend {name!r}; there are {', '.join((*BACKENDS, AUTO))}")
    if precision not in PRECISIONS:
        raise UsageError(f"unknown precision {precision!r}; there are {', '.join(PRECISIONS)}")
    count = available_cores() if threads is None else threads
    if count < 1:
        raise UsageError(f"threads must be at least 1, not {count}")
    if not 1 <= streams <= count:
        raise UsageError(f"streams must be 1 to {count}, the number of threads, not {streams}")
    if name == AUTO:
        from edgect.model.backends.choice import choose

        name = choose(bundle, precision, count, streams).backend
    if reason := bundle.manifest.refused_backends.get(name):
        others = " or ".join(other for other in BACKENDS if other not in bundle.manifest.refused_backends)
        raise EngineError(f"{bundle.name} is not for backend {name}: {reason}; use backend {others}")
    backend = cast(Backend, import_module(f"edgect.model.backends.{name}"))
    try:
        with at_work():
            return backend.load(bundle, precision, count, streams)
    except (ImportError, OSError) as error:  # not there, or a library that it needs is not
        raise EngineError(_unusable(name, error)) from error


def _unusable(name: str, error: Exception) -> str:
    """What is missing, what to install, and which engine is there meanwhile."""
    package = PACKAGES[name]
    reason = f"cannot be used ({one_line(error)})"
    if isinstance(error, ModuleNotFoundError) and error.name == package:
        reason = f"needs the package {package}, which is not installed"
    others = "".join(
        f"; or use backend {other}, which is installed" for other in installed() if other != name
    )
    return f"backend {name} {reason}: {install_command(name)}{others}"


def installed() -> dict[str, str]:
    """The backends whose package is installed, with its version."""
    return {name: number for name, package in PACKAGES.items() if (number := _version(package))}


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to load, and seldom needed

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def one_line(error: Exception) -> str:
    """An engine's message, which may be a page, on one line."""
    return " ".join(str(error).split())

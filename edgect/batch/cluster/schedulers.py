"""Where a scheduler comes from: one that runs already, or one on this machine for as long as it is needed."""

from __future__ import annotations

import asyncio
import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from edgect.errors import ClusterError
from edgect.machine.installation import needing

LOCAL = "local"


def check() -> None:
    """Raises NotInstalledError where Dask is not installed."""
    with needing("dask", "--scheduler"):
        import distributed  # noqa: F401


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address, with TLS as Dask's own configuration has it.

    Raises ClusterError: nobody answers there, or with another version of Dask.
    """
    distributed = import_module("distributed")
    timeout = _seconds("distributed.comm.timeouts.connect")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        asyncio.run(_reach(address, timeout))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: see below
            client = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(f"no scheduler answers at {address} ({reason}); is it running there?") from error
    try:
        there = client.sync(client.scheduler.versions)["packages"]["distributed"]
        if there != distributed.__version__:
            raise ClusterError(
                f"the scheduler at {address} runs Dask distributed {there}, this machine "
                f"{distributed.__version__}: install the same version on both"
            )
        yield client
    finally:
        client.close(timeout=5)


async def _reach(address: str, timeout: float) -> None:
    """Raises what a client would, which leaves threads behind where it fails, and says so at length."""
    distributed = import_module("distributed")
    secured = distributed.Security().get_connection_args("client")
    comm = await distributed.core.connect(address, timeout=timeout, **secured)
    await comm.close()


@contextmanager
def local(workers: int, threads: int) -> Iterator[Any]:
    """A scheduler and workers on this machine, which nobody else reaches, and no dashboard."""
    import dask

    distributed = import_module("distributed")
    quiet: dict[str, Any] = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.worker.profile.enabled": False,
        "distributed.worker.preload": [__name__],
    }
    with dask.config.set(quiet), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=threads,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,  # as without Dask, the system's
            silence_logs=logging.CRITICAL,
        )
        try:
            with connected(cluster.scheduler_address) as client:
                yield client
        finally:
            cluster.close(timeout=10)


def dask_setup(worker: object) -> None:
    """Called by Dask in the processes of `local`, to which a terminal sends its Ctrl-C, too.

    It is for the command, which ends them; they would say how they were ended, at length.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _seconds(name: str) -> float:
    import dask
    from dask.utils import parse_timedelta

    return float(parse_timedelta(dask.config.get(name)))

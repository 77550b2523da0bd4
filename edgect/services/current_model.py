"""The model that a service answers with, which changes while it runs where its bundles are in a registry."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from edgect.errors import EdgectError
from edgect.model.bundles import bundle_registry
from edgect.pipeline import Pipeline

CHECK = 1.0  # seconds between looks at the registry


class CurrentModel:
    """Whoever answers takes `pipeline` once, and answers all of one request or series with it.

    Once the registry names another bundle, that is loaded beside the present one, which answers meanwhile,
    and then takes its place. One that cannot be loaded does not: the present one stays, and `refused` says
    why, until the registry names another.
    """

    def __init__(
        self, load: Callable[[], Pipeline], model: str | os.PathLike[str], log: logging.Logger
    ) -> None:
        """load: gives the pipeline of `model`, which is a registry or something that never changes.

        Raises as `Pipeline` does.
        """
        self._load, self._log, self._registry = load, log, Path(model)
        self._is_fixed = not bundle_registry.is_registry(self._registry)
        self._seen = None if self._is_fixed else bundle_registry.version(self._registry)
        self.pipeline = load()
        self.refused = ""

    def follow(self, stop: Event) -> Thread:
        """Look at the registry until `stop` is set, in a thread of its own, which is started."""
        thread = Thread(target=self._follow, args=(stop,), name="edgect-registry", daemon=True)
        thread.start()
        return thread

    def look(self) -> None:
        """Load what the registry has in use, if it was written since the last look."""
        try:
            seen = bundle_registry.version(self._registry)
            if seen == self._seen:
                return
            self._seen = seen
            loaded = self._load()
        except (EdgectError, OSError) as error:
            if str(error) != self.refused:
                self.refused = str(error)
                bundle = self.pipeline.bundle
                self._log.error("%s (%s) goes on to answer: %s", bundle.name, bundle.identity, error)
            return
        before, self.pipeline, self.refused = self.pipeline, loaded, ""
        self._log.info(
            "%s (%s) answers from now on, no longer %s (%s)",
            loaded.bundle.name,
            loaded.bundle.identity,
            before.bundle.name,
            before.bundle.identity,
        )

    def _follow(self, stop: Event) -> None:
        while not (self._is_fixed or stop.wait(CHECK)):
            try:
                self.look()
            except Exception as error:  # of an engine: the service goes on with what it has
                self._log.error("the bundle in use could not be loaded (%s)", type(error).__name__)

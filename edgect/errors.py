"""What can go wrong, by who can mend it; the command line's exit codes hang on these."""

from __future__ import annotations

from typing import Literal

Status = Literal["ok", "rejected", "error"]


class EdgectError(Exception):
    """Base of every error that edgect raises on purpose.

    `exit_code` is what the command line ends with when the error reaches it.
    """

    exit_code = 1


class UsageError(EdgectError):
    """The call cannot be carried out as given: a missing path, an unknown backend, nothing to read."""

    exit_code = 2


class ModelError(EdgectError):
    """A bundle is missing, damaged or of another kind than edgect reads."""

    exit_code = 3


class EngineError(EdgectError):
    """An inference engine is not installed, or failed to load or run a model."""

    exit_code = 3


class NotInstalledError(EdgectError):
    """An optional package is missing or broken; see `edgect.machine.installation.needing`."""

    exit_code = 3


class ClusterError(EdgectError):
    """No scheduler, or no worker that gives the answers that this machine gives."""

    exit_code = 3


class ScanError(EdgectError):
    """One scan gets no answer.

    Parameters
    ----------
    reason : str
        The message, which is the row's reason.
    status : {"error", "rejected"}
        `rejected` where the file was read, but is nothing to give an answer on; `error` where it could
        not be read.
    """

    def __init__(self, reason: str, status: Status = "error") -> None:
        super().__init__(reason)
        self.status: Status = status

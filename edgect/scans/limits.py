"""How much one file may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from edgect.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """bytes: of a file, or of a member of an archive. pixels: of one frame. frames: of one file.

    What is over one of them gets a row of status `error`. Raises UsageError unless all are positive.
    """

    bytes: int = 256 * 2**20
    pixels: int = 2**26  # 8192 x 8192
    frames: int = 4096

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise UsageError(f"the limit of {name} must be at least 1, not {value}")

    def describe(self, name: str) -> str:
        """A limit in words, with the option that raises it."""
        return f"the limit of {getattr(self, name):,} {name} (--max-{name})"

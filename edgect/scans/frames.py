"""A file's content to its frames, by what kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator

from edgect.scans import raster
from edgect.scans.frame import Frame
from edgect.scans.hounsfield import Window
from edgect.scans.limits import Limits


def read_frames(
    content: bytes, name: str = "", limits: Limits | None = None, window: Window | None = None
) -> Iterator[Frame]:
    """Decode one file's content into its frames, in order; never raises for bad content.

    name: the file's name; its suffix decides whether foreign content is an `error` (a damaged
    image) or `rejected` (something that never was one). window: for what comes in Hounsfield units.
    """
    yield from raster.read_frames(content, name, (limits or Limits()))

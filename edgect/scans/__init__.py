"""The one way in for a scan: find the files, and turn each into uint8 grey slices."""

from edgect.scans.files.find import find_scans, may_be_image
from edgect.scans.files.read import check_length, read_bytes, read_slice
from edgect.scans.frame import Frame, Origin
from edgect.scans.frames import read_frames
from edgect.scans.options import Limits, Window

__all__ = [
    "Frame",
    "Limits",
    "Origin",
    "Window",
    "check_length",
    "find_scans",
    "may_be_image",
    "read_bytes",
    "read_frames",
    "read_slice",
]

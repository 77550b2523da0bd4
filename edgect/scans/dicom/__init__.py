"""DICOM: stored values of CT slices to Hounsfield units, by what the file says and by nothing else."""

from edgect.scans.dicom.dicomdir import files_of_index
from edgect.scans.dicom.frames import read_frames

__all__ = ["files_of_index", "read_frames"]

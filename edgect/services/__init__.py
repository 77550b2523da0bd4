"""Programs that wait for scans: over HTTP, and as a DICOM node."""

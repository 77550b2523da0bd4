"""The DICOM conformance statement of `edgect listen`, made from the code."""

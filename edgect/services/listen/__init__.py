"""A DICOM node: receives CT slices, keeps them until they are classified, and sends reports."""

"""A DICOM node: takes CT slices, keeps them until they are answered on, and gives back reports."""

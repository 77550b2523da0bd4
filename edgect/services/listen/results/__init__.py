"""From the images of a series to DICOM objects: structured reports and secondary captures."""

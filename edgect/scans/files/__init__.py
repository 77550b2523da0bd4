"""Where scans are: folders, zip archives, DICOMDIRs, URLs, memory; paths to content."""

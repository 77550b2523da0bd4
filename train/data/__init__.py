"""The data sets as lists of labelled slices, and what is computed on slices before any network sees them."""

"""Fits a bundle to a hospital's own labelled slices: the gate's limits, head, temperature and thresholds."""

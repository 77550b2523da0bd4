"""Metrics, ROC curve, calibration and bootstrap intervals."""

"""Metrics, ROC curve, calibration and intervals over patients."""

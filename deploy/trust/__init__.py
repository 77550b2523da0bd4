"""When a bundle answers and what its probabilities mean: gate, calibration, operating points, conformal scores."""

"""When a bundle answers, and what its probabilities mean."""

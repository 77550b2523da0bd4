"""Which slices a bundle rejects, and what its probabilities and operating points are worth."""

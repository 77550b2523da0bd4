"""Further training of a finished network on a hospital's own slices, without forgetting the sources."""

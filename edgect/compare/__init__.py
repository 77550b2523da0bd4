"""Two models on the same labelled slices: how far they differ, and where."""

"""RESULTS.md: the paper's tables and figures beside those of our runs."""

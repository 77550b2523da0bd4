"""ACROSS.md: the shipped default network beside other sources, seeds and recipes."""

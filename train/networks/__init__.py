"""The networks: their layers, their starting points and their predictions."""

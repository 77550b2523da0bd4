"""A slice to the network's input by the steps that a manifest names, and a heat map back onto the slice."""

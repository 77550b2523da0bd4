"""From a network's output to a label or to none, of a slice and of a series."""

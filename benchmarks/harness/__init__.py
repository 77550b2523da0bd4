"""What measurements share: slices and options, processes, turns, and the machine."""

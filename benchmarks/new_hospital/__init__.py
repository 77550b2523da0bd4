"""What a hospital's own labels are worth: each source in turn as a hospital that the network never saw."""

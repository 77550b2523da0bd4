"""What a cluster costs over the plain command, and what ten million slices would cost."""

"""Makes a network from data: the paper's arrangements, its CNN and its training."""

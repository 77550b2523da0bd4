"""Makes a network from data: the paper's reproduction, and the default network that edgect ships."""

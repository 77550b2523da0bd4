"""Training across sources: the default network, which is right because of the lungs."""

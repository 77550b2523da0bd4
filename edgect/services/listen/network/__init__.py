"""The network side of the node: associations, C-STORE and TLS."""

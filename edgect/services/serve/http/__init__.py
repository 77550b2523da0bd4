"""What stands between a connection and an endpoint: errors, limits, access and its log."""

"""`python -m benchmarks.load`: a server on loopback that is asked for twice what it can do."""

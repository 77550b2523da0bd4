"""A model's folder: its manifest, its files and their hashes, and golden answers to check them by."""

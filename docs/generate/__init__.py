"""Pages that are made of the code and of the bundles: `python -m docs.generate` writes them all again."""

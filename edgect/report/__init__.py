"""The page that shows a run: rows with their slices and activation maps, in one file, with no network."""

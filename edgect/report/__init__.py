"""The page that shows a run: rows with slices and activation maps, in one file that needs no network."""

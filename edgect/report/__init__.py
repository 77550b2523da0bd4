"""The page that shows a run: rows with slices and activation maps, in one file that needs no network."""

from pathlib import Path

SHARED_STYLE = Path(__file__).with_name("shared.css")
"""Colours, kinds of rows and bars, for this page and for that of `edgect serve`."""

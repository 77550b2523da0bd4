"""Which page is made by what."""

from __future__ import annotations

from pathlib import Path

from docs import rooms, rows
from docs.conformance import statement
from docs.generate import command_line, exit_codes, figures, http, manifest, metrics, sources

ROOT = Path(__file__).parents[2]


def pages(root: Path = ROOT) -> dict[str, str]:
    """The text of every generated page, by its path in the repository."""
    return {
        "docs/rooms.svg": rooms.svg(rooms.graph(root)),
        "docs/rows.md": rows.page(),
        "docs/conformance.md": statement.page(),
        "docs/reference/command-line.md": command_line.page(),
        "docs/reference/exit-codes.md": exit_codes.page(),
        "docs/reference/http.md": http.page(),
        "docs/reference/manifest.md": manifest.page(),
        "docs/reference/metrics.md": metrics.page(),
        "docs/figures.md": figures.page(),
        "docs/risk/sources.md": sources.page(root),
        "README.md": figures.readme((root / "README.md").read_text(encoding="utf-8")),
    }

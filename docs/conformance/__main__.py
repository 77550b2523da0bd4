"""Write the conformance statement: `python -m docs.conformance docs/conformance.md`."""

from __future__ import annotations

import argparse
from pathlib import Path

from docs.conformance.statement import page


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.parse_args().out.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

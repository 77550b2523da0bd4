"""Write every generated page again: `python -m docs.generate`."""

from __future__ import annotations

import argparse
from pathlib import Path

from docs.generate.pages import ROOT, pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("root", type=Path, nargs="?", default=ROOT)
    root = parser.parse_args().root
    for name, text in pages(root).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(name)


if __name__ == "__main__":
    main()

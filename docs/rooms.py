"""Draw the rooms of a checkout with their imports: `python docs/rooms.py docs/rooms.svg [CHECKOUT]`.

A room is a folder of `edgect/`, a module beside them, or one of the other packages. An arrow goes from a room to
one that it imports, at any depth of its code; what several layers down is imported anyway is not drawn. Rooms that
import one another, directly or by others, stand in one box: then that is what the picture is for.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

PACKAGES = ("edgect", "train", "deploy", "benchmarks")
WIDTH, HEIGHT, ACROSS, DOWN = 150, 44, 26, 56  # of a box and of the room between boxes, in pixels

Graph = dict[str, set[str]]


def imports(file: Path) -> Iterator[str]:
    """Dotted names that a file imports, at the top or within functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(root: Path, name: str) -> str | None:
    """The room of a dotted name; None for what is not ours."""
    package, *rest = name.split(".")
    if package not in PACKAGES:
        return None
    if package != "edgect":
        return package
    inner = rest[0] if rest else "__init__"
    is_room = (root / package / inner).is_dir() or (root / package / f"{inner}.py").is_file()
    return f"edgect/{inner}" if is_room and not inner.startswith("__") else "edgect"


def graph(root: Path) -> tuple[Graph, dict[str, int]]:
    """Which room imports which, and the lines of Python of each."""
    edges: Graph = defaultdict(set)
    lines: dict[str, int] = defaultdict(int)
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            room = room_of(root, ".".join(file.relative_to(root).with_suffix("").parts))
            assert room is not None
            lines[room] += len(file.read_text(encoding="utf-8").splitlines())
            edges[room] |= {other for name in imports(file) if (other := room_of(root, name))} - {room}
    return dict(edges), dict(lines)


def reachable(edges: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(edges.get(start, ()))
    while todo:
        room = todo.pop()
        if room not in seen:
            seen.add(room)
            todo += edges.get(room, ())
    return seen


def condensed(edges: Graph) -> Graph:
    """Rooms that import one another as one, named `a + b`."""
    reach = {room: reachable(edges, room) for room in edges}
    name = {a: " + ".join(sorted({a} | {b for b in edges if b in reach[a] and a in reach[b]})) for a in edges}
    joined: Graph = defaultdict(set)
    for room, others in edges.items():
        joined[name[room]] |= {name[other] for other in others} - {name[room]}
    return dict(joined)


def layers(edges: Graph) -> dict[str, int]:
    """0 for what imports nothing, else one more than the highest of what is imported."""
    level: dict[str, int] = {}
    for room in TopologicalSorter(edges).static_order():
        level[room] = 1 + max((level[other] for other in edges.get(room, ())), default=-1)
    return level


def direct(edges: Graph) -> Graph:
    """Without the arrows that other arrows imply."""
    return {
        room: others - {far for other in others for far in reachable(edges, other)} for room, others in edges.items()
    }


def svg(edges: Graph, lines: dict[str, int]) -> str:
    edges = condensed(edges)
    level = layers(edges)
    rows = [sorted(room for room in level if level[room] == n) for n in range(max(level.values()), -1, -1)]
    widest = max(len(row) for row in rows)
    width = widest * (WIDTH + ACROSS) + ACROSS
    place: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * (WIDTH + ACROSS) + ACROSS) / 2
        for column, room in enumerate(row):
            place[room] = left + column * (WIDTH + ACROSS), ACROSS + number * (HEIGHT + DOWN)
    height = len(rows) * (HEIGHT + DOWN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        'font-family="sans-serif" font-size="13" text-anchor="middle">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#567"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    for room, others in sorted(direct(edges).items()):
        x, y = place[room]
        for other in sorted(others):
            to_x, to_y = place[other]
            start, end = (x + WIDTH / 2, y + HEIGHT), (to_x + WIDTH / 2, to_y)
            middle = (start[1] + end[1]) / 2
            parts.append(
                f'<path d="M{start[0]:.0f} {start[1]:.0f}C{start[0]:.0f} {middle:.0f} {end[0]:.0f} {middle:.0f} '
                f'{end[0]:.0f} {end[1]:.0f}" fill="none" stroke="#567" opacity=".6" marker-end="url(#tip)"/>'
            )
    for room, (x, y) in place.items():
        colour = "#fdd" if " + " in room else "#e8f0fa" if room.startswith("edgect") else "#f3efe2"
        count = sum(lines[part] for part in room.split(" + "))
        parts += [
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{colour}" stroke="#567"/>',
            f'<text x="{x + WIDTH / 2:.0f}" y="{y + 18:.0f}">{escape(room)}</text>',
            f'<text x="{x + WIDTH / 2:.0f}" y="{y + 35:.0f}" fill="#567" font-size="11">{count:,} lines</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("checkout", type=Path, nargs="?", default=Path(__file__).parents[1])
    options = parser.parse_args()
    options.out.write_text(svg(*graph(options.checkout)), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The rooms of a checkout with their imports, for docs/rooms.svg.

A room is a folder of `edgect/`, a module beside them, or one of the other packages. An arrow goes from a room
to one that it imports, anywhere in its code; arrows that others imply are left out. Rooms that import one
another, directly or by others, would stand in one red box.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

PACKAGES = ("edgect", "train", "deploy", "benchmarks")
WIDTH, HEIGHT, ASIDE, DOWN = 150, 32, 26, 48  # of a box and of the space between boxes, in pixels
LINE = "#567"

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
    inner = root / package / (rest[0] if rest else "__init__")
    if package != "edgect" or not (inner.is_dir() or inner.with_suffix(".py").is_file()):
        return package
    return package if inner.name.startswith("__") else f"{package}/{inner.name}"


def graph(root: Path) -> Graph:
    """Which room imports which."""
    edges: Graph = defaultdict(set)
    for file in (file for package in PACKAGES for file in (root / package).rglob("*.py")):
        room = room_of(root, ".".join(file.relative_to(root).with_suffix("").parts))
        assert room is not None
        edges[room] |= {other for name in imports(file) if (other := room_of(root, name))} - {room}
    return dict(edges)


def reachable(edges: Graph, start: str) -> set[str]:
    """All that a room imports, directly or by others."""
    seen: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        if (room := waiting.pop()) not in seen:
            seen.add(room)
            waiting += edges.get(room, ())
    return seen


def condensed(edges: Graph) -> Graph:
    """Rooms that import one another as one, named `a + b`."""
    reach = {room: reachable(edges, room) for room in edges}
    name = {a: " + ".join(sorted({a} | {b for b in reach[a] if a in reach.get(b, ())})) for a in edges}
    joined: Graph = defaultdict(set)
    for room, others in edges.items():
        joined[name[room]] |= {name[other] for other in others} - {name[room]}
    return dict(joined)


def direct(edges: Graph) -> Graph:
    """Without the arrows that other arrows imply."""
    implied = {
        room: {far for other in others for far in reachable(edges, other)} for room, others in edges.items()
    }
    return {room: others - implied[room] for room, others in edges.items()}


def places(edges: Graph) -> dict[str, tuple[float, float]]:
    """Left and upper edge of each room's box: a row above all that it imports."""
    level: dict[str, int] = {}
    for room in TopologicalSorter(edges).static_order():
        level[room] = 1 + max((level[other] for other in edges[room]), default=-1)
    rows = [sorted(room for room in level if level[room] == n) for n in range(max(level.values()), -1, -1)]
    width = max(map(len, rows)) * (WIDTH + ASIDE)
    return {
        room: (
            (width - len(row) * (WIDTH + ASIDE) + ASIDE) / 2 + column * (WIDTH + ASIDE),
            ASIDE + number * (HEIGHT + DOWN),
        )
        for number, row in enumerate(rows)
        for column, room in enumerate(row)
    }


def svg(edges: Graph) -> str:
    """The picture. edges: of `graph`."""
    edges = condensed(edges)
    place = places(edges)
    width = max(x for x, _ in place.values()) + WIDTH + ASIDE
    height = max(y for _, y in place.values()) + HEIGHT + ASIDE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        'font-family="sans-serif" font-size="13" text-anchor="middle">',
        '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"',
        f' orient="auto"><path d="M0 0 8 4 0 8z" fill="{LINE}"/></marker>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    for room, others in sorted(direct(edges).items()):
        for other in sorted(others):
            x, y, to_x, to_y = place[room][0], place[room][1] + HEIGHT, *place[other]
            a, b, middle = x + WIDTH / 2, to_x + WIDTH / 2, (y + to_y) / 2
            curve = f"M{a:.0f} {y:.0f}C{a:.0f} {middle:.0f} {b:.0f} {middle:.0f} {b:.0f} {to_y:.0f}"
            parts.append(
                f'<path d="{curve}" fill="none" stroke="{LINE}" opacity=".6" marker-end="url(#tip)"/>'
            )
    for room, (x, y) in sorted(place.items()):
        colour = "#fdd" if " + " in room else "#e8f0fa" if room.startswith("edgect") else "#f3efe2"
        box = f'x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6"'
        parts.append(f'<rect {box} fill="{colour}" stroke="{LINE}"/>')
        parts.append(f'<text x="{x + WIDTH / 2:.0f}" y="{y + HEIGHT / 2 + 5:.0f}">{escape(room)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"

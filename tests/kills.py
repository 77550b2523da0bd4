"""A batch that is killed again and again: `python -m tests.kills [--files N] [--kills N]`.

Every run is killed (SIGKILL) at a random moment, its start included, and taken up with `--resume`.
In the end its rows must be those of a run that nothing disturbed, milliseconds apart.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "scans").iterdir())
SETTINGS = (("csv", 1), ("jsonl", 2), ("csv", 3), ("jsonl", 1))
Key = tuple[str, str]


@dataclass
class Tally:
    """What was found over all batches; `kept` has the rows in FILE.partial after each kill."""

    kills: int = 0
    batches: int = 0
    missing: int = 0
    doubled: int = 0
    differing: int = 0
    misplaced: int = 0
    lost: int = 0
    kept: list[int] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return self.missing + self.doubled + self.differing + self.misplaced + self.lost

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.batches} batches finished: rows missing {self.missing}, "
            f"doubled {self.doubled}, differing {self.differing}, out of order {self.misplaced}, "
            f"lost by a later kill {self.lost}"
        )


def fill(folder: Path, files: int) -> None:
    """Links to the example scans; among them files that are no scans, of several frames, or of odd names."""
    folder.mkdir(parents=True)
    sources = [Path(folder.parent, path.name) for path in EXAMPLES]
    for source, example in zip(sources, EXAMPLES, strict=True):
        source.write_bytes(example.read_bytes())
    pages = [Image.open(path).convert("L") for path in EXAMPLES[:3]]
    pages[0].save(folder.parent / "pages.tif", save_all=True, append_images=pages[1:])
    (folder.parent / "garbage.png").write_bytes(b"garbage")
    (folder.parent / "note.txt").write_bytes(b"dear colleague")
    odd = {50: "pages.tif", 70: "garbage.png", 90: "note.txt"}
    for number in range(files):
        source = folder.parent / odd[number % 100] if number % 100 in odd else sources[number % len(sources)]
        middle = {10: '\n"x",', 30: "\udcff\udcfe", 40: "é"}.get(number % 100, "")
        os.link(source, folder / f"{number:05}{middle}{source.suffix}")


def survive(work: Path, files: int, kills: int, seed: int = 0, settings: object = SETTINGS) -> Tally:
    """Batches of `files` files in every setting (format, threads), killed `kills` times in all."""
    assert isinstance(settings, tuple)
    fill(work / "in", files)
    tally, draw = Tally(), random.Random(seed)
    whole = {form: _whole(work, form) for form in sorted({form for form, _ in settings})}
    start = _seconds(work)
    for number, (form, threads) in enumerate(settings):
        wanted = kills * (number + 1) // len(settings)
        while tally.kills < wanted:
            out = work / f"{form}-{tally.batches}"
            finished = False
            while not finished:
                left = tally.kills < wanted
                finished = _run(work, out, form, threads, draw.uniform(0, 3 * start) if left else None, tally)
            _compare(whole[form], list(_rows(out, form)), tally)
            tally.batches += 1
            print(f"{form}, {threads} threads: {tally}", file=sys.stderr, flush=True)
    return tally


def _run(work: Path, out: Path, form: str, threads: int, seconds: float | None, tally: Tally) -> bool:
    """One run, killed after some seconds; whether it finished before."""
    process = subprocess.Popen(_line(work, out, form, threads), stderr=subprocess.PIPE)
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        tally.kills += 1
        partial = out.with_name(out.name + ".partial")
        now = sum(1 for _ in _rows(partial, form)) if partial.exists() else 0
        before = tally.kept[-1] if tally.kept and partial.exists() else 0
        tally.lost += max(0, before - now - 3)  # a last file of several frames is answered again
        tally.kept.append(now)
        return False
    assert process.returncode == 1, said.decode()  # garbage.png
    tally.kept.append(0)
    return True


def _line(work: Path, out: Path, form: str, threads: int) -> list[str]:
    options = ["--backend", "onnxruntime", "--threads", str(threads), "--format", form, "-o", str(out)]
    return [sys.executable, "-m", "edgect", "classify", str(work / "in"), *options, "--resume"]


def _whole(work: Path, form: str) -> list[dict[str, object]]:
    out = work / f"whole.{form}"
    assert _run(work, out, form, 2, None, Tally())
    return list(_rows(out, form))


def _seconds(work: Path) -> float:
    """How long a run takes that has next to nothing to do."""
    start = time.monotonic()
    line = [sys.executable, "-m", "edgect", "classify", str(work / EXAMPLES[0].name)]
    subprocess.run([*line, "--backend", "onnxruntime"], check=True, capture_output=True)
    return time.monotonic() - start


def _rows(path: Path, form: str) -> Iterator[dict[str, object]]:
    content = path.read_bytes()
    text = content[: content.rfind(b"\n") + 1].decode("utf-8", "surrogateescape")
    if form == "csv":
        yield from csv.DictReader(io.StringIO(text, newline=""))
    else:
        yield from map(json.loads, text.splitlines())


def _compare(whole: list[dict[str, object]], found: list[dict[str, object]], tally: Tally) -> None:
    wanted, had = Counter(map(_key, whole)), Counter(map(_key, found))
    tally.missing += (wanted - had).total()
    tally.doubled += (had - wanted).total()
    if wanted == had:
        tally.misplaced += sum(_key(a) != _key(b) for a, b in zip(whole, found, strict=True))
        answers = {_key(row): _untimed(row) for row in whole}
        tally.differing += sum(_untimed(row) != answers[_key(row)] for row in found)


def _key(row: dict[str, object]) -> Key:
    return str(row["path"]), str(row["frame"])


def _untimed(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in ("milliseconds", "threads")}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = survive(Path(folder), options.files, options.kills, options.seed)
    print(tally)
    sys.exit(tally.faults > 0)


if __name__ == "__main__":
    main()

"""Damaged files of every kind, for as long as asked: `python -m tests.fuzz MINUTES`.

Hypothesis changes real files at random; a process of its own reads them as `edgect` does, and another
watches it: no exception, no end of the process, no input over `SECONDS`, no memory over `MEMORY`. What
an input did wrong is printed, and the input is written to the folder `--keep`.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from edgect.errors import EdgectError
from edgect.scans import find_scans, read_bytes, read_frames
from tests.edgect.synthetic import body, bomb_png, encode
from tests.volume_seeds import volumes

SECONDS = 10.0
MEMORY = 3 * 2**29  # bytes, 1.5 GiB
EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "scans").iterdir())
SCAN = body(0, 96, 120)
PAGE = Image.fromarray(body(1, 96, 120))


def seeds() -> dict[str, bytes]:
    """Real files of every kind that edgect reads, by name."""
    files = {path.name: path.read_bytes() for path in EXAMPLES[:3]}
    for name, form, options in (
        ("grey.png", "PNG", {}),
        ("pages.png", "PNG", {"save_all": True, "append_images": [PAGE]}),
        ("grey.jpg", "JPEG", {}),
        ("progressive.jpg", "JPEG", {"progressive": True}),
        ("lossless.webp", "WEBP", {"lossless": True}),
        ("pages.webp", "WEBP", {"save_all": True, "append_images": [PAGE]}),
        ("plain.tif", "TIFF", {}),
        ("lzw.tif", "TIFF", {"compression": "tiff_lzw"}),
        ("deflate.tif", "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("jpeg.tif", "TIFF", {"compression": "jpeg"}),
        ("pages.tif", "TIFF", {"save_all": True, "append_images": [PAGE]}),
        ("big.tif", "TIFF", {"big_tiff": True}),
        ("grey.bmp", "BMP", {}),
    ):
        files[name] = encode(SCAN, form, **options)
    for mode in ("RGB", "RGBA", "P", "LA", "1"):
        files[f"{mode}.png"] = encode(SCAN, "PNG", mode)
    files |= volumes()
    return {**files, "bomb.png": bomb_png(), "colour.bmp": encode(SCAN, "BMP", "RGB")}


FILES = seeds()
NAMES = st.sampled_from(sorted(FILES))
LENGTHS = st.sampled_from([1, 2, 4, 8, 64, 512])
NUMBERS = st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 4096, 60_000])
CHANGE = st.tuples(
    st.sampled_from(["byte", "number", "remove", "repeat", "insert", "zero", "splice"]),
    st.one_of(st.floats(0, 1), st.floats(0, 0.05)),  # where; headers more often
    LENGTHS,
    st.one_of(NUMBERS, st.integers(0, 2**32 - 1)),
    st.sampled_from(["big", "little"]),
    NAMES,
)


@st.composite
def inputs(draw: st.DrawFn) -> tuple[str, bytes]:
    """A name and a content that has little or much to do with it."""
    name = draw(NAMES)
    content = bytearray(FILES[name])
    for fault, place, length, number, order, other in draw(st.lists(CHANGE, max_size=6)):
        at = int(place * len(content))
        if fault == "byte":
            content[at : at + 1] = bytes([number & 0xFF])
        elif fault == "number":
            size = min(length, 4)
            content[at : at + size] = (number % 256**size).to_bytes(size, order)  # type: ignore[arg-type]
        elif fault == "remove":
            del content[at : at + length]
        elif fault == "repeat":
            content[at:at] = content[at : at + length] * 3
        elif fault == "insert":
            content[at:at] = number.to_bytes(4, "big") * (length // 4 + 1)
        elif fault == "zero":
            content[at : at + length] = bytes(len(content[at : at + length]))
        else:
            content[at:] = FILES[other][int(place * len(FILES[other])) :]
    if draw(st.booleans()):
        del content[int(draw(st.floats(0, 1)) * len(content)) :]
    return draw(st.one_of(st.just(name), NAMES)), bytes(content)


def read(folder: Path, name: str, content: bytes) -> Counter[str]:
    """Read one input from the disk, as a batch does; counts what its frames became."""
    path = folder / f"scan{''.join(Path(name).suffixes)}"
    path.write_bytes(content)
    counts: Counter[str] = Counter()
    for file in find_scans([path]):
        try:
            content = read_bytes(file)
        except EdgectError:
            counts["error"] += 1
            continue
        for frame in read_frames(content, file):
            assert (frame.pixels is None) != (frame.error is None)
            assert frame.pixels is None or (frame.pixels.ndim == 2 and frame.pixels.dtype == "uint8")
            counts["ok" if frame.error is None else frame.error.status] += 1
    assert counts, "a file without any row"
    return counts


def work(connection: Connection, first: int) -> None:
    """Read inputs for ever. Says before each what it is, and after each what was found."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff speaks there by itself
    with tempfile.TemporaryDirectory() as folder:

        def read_example(example: tuple[str, bytes]) -> None:
            connection.send(example)
            try:
                counts, failure = read(Path(folder), *example), ""
            except Exception:
                counts, failure = Counter[str](), traceback.format_exc()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            connection.send((counts, failure, memory))

        quick = settings(
            max_examples=500,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        while True:
            seed(first)(quick(given(inputs())(read_example)))()
            first += 1


@dataclass
class Finding:
    """What a run of the fuzzer saw. faults: by kind; frames: by status."""

    inputs: int = 0
    frames: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    memory: int = 0

    def __str__(self) -> str:
        return (
            f"{self.inputs} inputs, {len(FILES)} files to begin with; frames {dict(self.frames)}; "
            f"crashes {self.faults['crash']}, exceptions {self.faults['exception']}, "
            f"hangs {self.faults['hang']}, memory over the limit {self.faults['memory']}; longest "
            f"{self.longest:.2f} s, most memory {self.memory / 2**20:.0f} MiB"
        )


def fuzz(seconds: float, keep: Path, first: int = 0) -> Finding:
    """Read for so long; faulty inputs are written to `keep`."""
    finding, end = Finding(), time.monotonic() + seconds
    context = multiprocessing.get_context("spawn")
    while time.monotonic() < end:
        own_end, child_end = context.Pipe()
        process = context.Process(target=work, args=(child_end, first), daemon=True)
        process.start()
        child_end.close()
        first += 1_000_000
        _watch(own_end, finding, end, keep)
        process.kill()
        process.join()
    return finding


def _watch(connection: Connection, finding: Finding, end: float, keep: Path) -> None:
    """Until the time is over or the process has to be started anew."""
    while time.monotonic() < end:
        try:
            example = connection.recv()
            start = time.monotonic()
            if not connection.poll(SECONDS):
                return _fault(finding, "hang", example, "", keep)
            counts, failure, memory = connection.recv()
        except EOFError:
            return _fault(finding, "crash", example, "", keep)
        finding.inputs += 1
        finding.frames += counts
        finding.longest = max(finding.longest, time.monotonic() - start)
        finding.memory = max(finding.memory, memory)
        if failure:
            _fault(finding, "exception", example, failure, keep)
        if memory > MEMORY:
            return _fault(finding, "memory", example, f"{memory:,} bytes", keep)
    return None


def _fault(finding: Finding, fault: str, example: tuple[str, bytes], detail: str, keep: Path) -> None:
    name, content = example
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{fault}-{hashlib.sha256(content).hexdigest()[:12]}{''.join(Path(name).suffixes)}"
    path.write_bytes(content)
    finding.faults[fault] += 1
    print(f"{fault}: {path}\n{detail}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir(), "edgect-fuzz"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    finding = fuzz(options.minutes * 60, options.keep, options.seed)
    print(finding)
    sys.exit(finding.faults.total() > 0)


if __name__ == "__main__":
    main()

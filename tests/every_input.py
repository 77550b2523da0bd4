"""Every kind of input that a folder may hold: `python -m tests.every_input FOLDER`.

Makes the folder, classifies it by one command, and prints a table of what became of each input, which
`--markdown FILE` writes to a file. A new kind is one `Kind` in `KINDS`, or in `tests.volume_inputs`.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgect.rows.formats import printable
from tests.edgect.synthetic import body, bomb_png, encode, png_chunk

PAGE_COMMAND = "python -m tests.every_input FOLDER --markdown tests/INPUTS.md"
EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "scans").iterdir())
SCAN = body(0, 160, 200)
PAGE = Image.fromarray(body(1))
Writer = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """name: of the file or folder. write: makes it. rows: statuses to expect, and how reasons begin."""

    name: str
    write: Writer
    rows: tuple[tuple[str, str], ...]


def kind(name: str, written: bytes | Writer, *rows: str | tuple[str, str]) -> Kind:
    """written: the content, or what makes it. rows: `status`, or `(status, start of the reason)`."""
    write = written if callable(written) else lambda path: path.write_bytes(written)
    return Kind(name, write, tuple((row, "") if isinstance(row, str) else row for row in rows))


def photograph() -> Image.Image:
    """Colours such as no CT slice has."""
    y, x = np.mgrid[0:240, 0:320]
    colours = np.stack([x % 256, y % 256, (x + y) // 2 % 256], axis=-1)
    return Image.fromarray(colours.astype(np.uint8))


def loop(folder: Path) -> None:
    folder.mkdir()
    (folder / "scan.png").write_bytes(encode(SCAN, "PNG"))
    (folder / "up").symlink_to("..")
    (folder / "self.png").symlink_to("self.png")


def forbidden(path: Path) -> None:
    path.write_bytes(encode(SCAN, "PNG"))
    path.chmod(0)


def forbidden_folder(path: Path) -> None:
    path.mkdir()
    (path / "scan.png").write_bytes(encode(SCAN, "PNG"))
    path.chmod(0)


def hidden(folder: Path) -> None:
    folder.mkdir()
    for name in (".hidden.png", "Thumbs.db"):
        (folder / name).write_bytes(encode(SCAN, "PNG"))


def pages(count: int) -> bytes:
    return encode(SCAN, "TIFF", save_all=True, append_images=[PAGE] * (count - 1))


def previewed(form: str, **options: Any) -> bytes:
    """A picture and a smaller one of it in the same file."""
    small = Image.fromarray(SCAN).reduce(2)
    small.encoderinfo = options
    return encode(SCAN, form, save_all=True, append_images=[small])


def claiming(frames: int) -> bytes:
    """An animated PNG by its header (acTL, after IHDR), of so many frames beside the still image."""
    content = encode(SCAN, "PNG")
    return content[:33] + png_chunk(b"acTL", struct.pack(">II", frames, 0)) + content[33:]


JPEG = encode(SCAN, "JPEG")
DEEP = SCAN.astype(np.uint16) * 200
KINDS = (
    kind("bmp.bmp", encode(SCAN, "BMP"), "ok"),
    kind("bomb.png", bomb_png(), ("error", "image is over the limit")),
    kind("blank.png", encode(SCAN * 0, "PNG"), ("rejected", "blank image")),
    kind("dangling-link.png", lambda path: path.symlink_to("nowhere"), ("error", "cannot be read: No such")),
    kind("empty.png", b"", ("error", "empty file")),
    kind("example.jpg", EXAMPLES[0].read_bytes(), "ok"),
    kind("fifo.png", os.mkfifo, ("rejected", "not a regular file")),
    kind("folder-without-permission", forbidden_folder, ("error", "cannot be read: Permission denied")),
    kind("garbage.png", b"\1\2\3" * 99, ("error", "not an image")),
    kind("gif-named.png", encode(SCAN, "GIF"), ("error", "not an image")),
    kind("grey-16-bit.png", encode(DEEP, "PNG"), ("rejected", "16 bits a channel without units")),
    kind("grey-16-bit.tif", encode(DEEP, "TIFF"), ("rejected", "16 bits a channel without units")),
    kind("grey.png", encode(SCAN, "PNG"), "ok"),
    kind("hidden", hidden),
    kind("jpeg.jpg", JPEG, "ok"),
    kind(
        "jpeg-cut-before-a-film.jpg",
        JPEG[: len(JPEG) // 2] + b"ftypmp42" + bytes(range(256)) + JPEG[-2:],
        ("error", "cannot be decoded, truncated or damaged: Corrupt JPEG data"),
    ),
    kind(
        "jpeg-filled-to-its-end.jpg",
        JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2) + JPEG[-2:],
        ("error", "cannot be decoded, truncated or damaged: Corrupt JPEG data"),
    ),
    kind("jpeg-named.png", JPEG, "ok"),
    kind("link-loop", loop, "ok", ("error", "cannot be read: Too many levels of symbolic links")),
    kind("name-e\u0301.png", encode(SCAN, "PNG"), "ok"),
    kind("name-\u00e9.png", encode(SCAN, "PNG"), "ok"),
    kind("name-of-\udcff\udcfe-bytes.png", encode(SCAN, "PNG"), "ok"),
    kind("name-with-\n-line-end.png", encode(SCAN, "PNG"), "ok"),
    kind('name-with-"quote,".png', encode(SCAN, "PNG"), "ok"),
    kind("n" * 251 + ".png", encode(SCAN, "PNG"), "ok"),
    kind("no-suffix", encode(SCAN, "PNG"), "ok"),
    kind("over-4096-frames.png", claiming(4096), ("error", "4,097 frames are over the limit")),
    kind("pages.tif", pages(3), "ok", "ok", "ok"),
    kind("palette.png", encode(SCAN, "PNG", "P"), "ok"),
    kind("phone.jpg", previewed("MPO"), "ok"),
    kind("photograph.jpg", encode(photograph(), "JPEG"), "rejected"),
    kind("text.txt", b"dear colleague", ("rejected", "not an image")),
    kind("tiny.png", encode(SCAN[:20, :20], "PNG"), ("rejected", "image of 20x20 is too small")),
    kind("truncated.jpg", JPEG[: len(JPEG) // 2], ("error", "cannot be decoded, truncated")),
    kind("truncated.png", encode(SCAN, "PNG")[:4000], ("error", "cannot be decoded, truncated")),
    kind("tiff-with-a-preview.tif", previewed("TIFF", tiffinfo={254: 1}), "ok"),
    kind("webp.webp", encode(SCAN, "WEBP"), "ok"),
    kind("without-permission.png", forbidden, ("error", "cannot be read: Permission denied")),
    kind("zero-tail.jpg", JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2), "error"),
)


def kinds() -> list[Kind]:
    """In the order of rows."""
    from tests import volume_inputs

    return sorted((*KINDS, *volume_inputs.kinds()), key=lambda input_kind: input_kind.name)


def write(folder: Path) -> list[Kind]:
    folder.mkdir(parents=True)
    for input_kind in kinds():
        input_kind.write(folder / input_kind.name)
    return kinds()


@dataclass(frozen=True)
class Outcome:
    """rows: status, reason and path of each. stderr: what it said there."""

    exit_code: int
    rows: list[dict[str, str]]
    stderr: str

    def of(self, input_kind: Kind, folder: Path) -> list[dict[str, str]]:
        start = str(folder / input_kind.name)
        return [row for row in self.rows if row["path"] == start or row["path"].startswith(start + os.sep)]


def classify(folder: Path) -> Outcome:
    line = [
        sys.executable,
        "-m",
        "edgect",
        "classify",
        str(folder),
        "--format",
        "csv",
        "--backend",
        "onnxruntime",
    ]
    run = subprocess.run(line, capture_output=True, check=False, preexec_fn=_without_root_powers)
    text = run.stdout.decode("utf-8", "surrogateescape")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return Outcome(run.returncode, rows, run.stderr.decode("utf-8", "replace"))


def _without_root_powers() -> None:
    if sys.platform == "linux":
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root reads everything by them
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def table(folder: Path, written: list[Kind], outcome: Outcome) -> str:
    lines = ["| input | status | reason |", "| --- | --- | --- |"]
    for input_kind in written:
        for row in outcome.of(input_kind, folder) or [
            {"path": "", "frame": "", "status": "no row", "reason": ""}
        ]:
            name = row["path"][len(f"{folder}/") :] or input_kind.name  # a name out of an archive as it is
            shown = printable(name) if len(name) < 60 else f"{name[:20]}… ({len(name)} characters)"
            frame = f", frame {row['frame']}" if row["frame"] else ""
            lines.append(f"| `{shown}`{frame} | {row['status']} | {printable(row['reason'])} |")
    return "\n".join([*lines, "", f"Exit code {outcome.exit_code}."])


def page(table: str) -> str:
    introduction = f"What `edgect classify FOLDER` makes of every kind of input, written by `{PAGE_COMMAND}`."
    return f"# Every kind of input\n\n{introduction}\n\n{table}\n"


def unexpected(folder: Path, written: list[Kind], outcome: Outcome) -> list[str]:
    """What is not as `KINDS` say."""
    failures = []
    for input_kind in written:
        rows = outcome.of(input_kind, folder)
        if [row["status"] for row in rows] != [status for status, _ in input_kind.rows] or not all(
            row["reason"].startswith(start) for row, (_, start) in zip(rows, input_kind.rows, strict=True)
        ):
            failures.append(f"{input_kind.name}: {[(row['status'], row['reason']) for row in rows]}")
    return failures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.every_input", description=__doc__)
    parser.add_argument("folder", type=Path, help="Made anew; must not be there.")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="Write the table to FILE too.")
    options = parser.parse_args()
    folder = options.folder
    written = write(folder)
    outcome = classify(folder)
    text = table(folder, written, outcome)
    print(text)
    if options.markdown:
        options.markdown.write_text(page(text), encoding="utf-8")
    unexpected_rows = unexpected(folder, written, outcome)
    print(outcome.stderr, *(f"UNEXPECTED {line}" for line in unexpected_rows), sep="\n", file=sys.stderr)
    sys.exit(bool(unexpected_rows))


if __name__ == "__main__":
    main()

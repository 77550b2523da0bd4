"""The table of formats: every reader is there, and one more format is one more line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edgect.scans import Frame, Limits, Window, find_scans, formats, may_be_image, read_frames, read_slice
from edgect.scans.formats import Format, starting_with

SIGNATURE = b"SQUARE\0\0"


def read_squares(content: bytes, name: str, limits: Limits, window: Window) -> Iterator[Frame]:
    """A decoder of one grey level after the signature."""
    yield Frame(None, np.full((40, 40), content[len(SIGNATURE)], np.uint8))


@pytest.fixture
def squares(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ModuleType("squares_reader")
    reader.__dict__["read_frames"] = read_squares
    monkeypatch.setitem(sys.modules, "squares_reader", reader)
    line = Format(("SQUARE",), (".square",), starting_with(SIGNATURE), "squares_reader")
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, line))


@pytest.mark.parametrize("file_format", formats.FORMATS, ids=lambda file_format: file_format.titles[0])
def test_every_format_has_a_reader(file_format: Format) -> None:
    assert callable(import_module(file_format.reader).read_frames)


@pytest.mark.usefixtures("squares")
def test_a_new_format_is_one_line_and_a_decoder(tmp_path: Path) -> None:
    whole, damaged = tmp_path / "odd-name", tmp_path / "a.square"
    whole.write_bytes(SIGNATURE + b"\x7b")
    damaged.write_bytes(b"something else")
    assert find_scans([tmp_path]) == [str(damaged), str(whole)]
    assert may_be_image(str(whole))
    assert (read_slice(whole) == 0x7B).all()
    (frame,) = read_frames(damaged.read_bytes(), str(damaged))
    assert frame.error is not None
    assert frame.error.status == "error"  # by its name it was one


def test_without_its_line_the_same_content_is_foreign() -> None:
    (frame,) = read_frames(SIGNATURE + b"\x7b", "a.square")
    assert frame.error is not None
    assert frame.error.status == "rejected"

"""Slices read once, of files of one frame and of many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgect.sources.labels import Case
from edgect.sources.thumbnails import SIDE, read_thumbnails
from tests.edgect.synthetic import body, write_scan


def test_every_frame_of_every_file_is_kept_in_order(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(body(seed)) for seed in range(3)]
    first.save(tmp_path / "three.tif", save_all=True, append_images=others)
    write_scan(tmp_path / "same.png", 1)
    (tmp_path / "text.png").write_text("ask the ward")
    Image.fromarray(np.indices((128, 128)).sum(0).astype(np.uint8) % 2 * 255).save(tmp_path / "even.png")
    cases = [Case(str(tmp_path / name), 1) for name in ("three.tif", "text.png", "same.png", "even.png")]
    seen: list[tuple[int, int]] = []
    thumbnails = read_thumbnails(cases, lambda done, files: seen.append((done, files)))
    assert seen == [(done, 4) for done in range(5)]
    assert list(thumbnails.slices) == [3, 0, 1, 1]
    assert list(thumbnails.places) == [0, 0, 0, 2, 3]
    assert thumbnails.failures.keys() == {1}
    assert thumbnails.pixels is not None
    assert thumbnails.pixels.shape == (5, SIDE * SIDE)
    correlations = thumbnails.pixels @ thumbnails.pixels.T
    assert correlations[1, 3] == pytest.approx(1, abs=1e-3)
    assert correlations[0, 3] < 0.99
    assert np.allclose(np.diag(correlations), [1, 1, 1, 1, 0])


def test_of_too_many_slices_none_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgect.sources.thumbnails.MOST", 1)
    cases = [Case(str(write_scan(tmp_path / f"{seed}.png", seed)), 1) for seed in range(2)]
    assert read_thumbnails(cases[:1]).pixels is not None
    thumbnails = read_thumbnails(cases)
    assert (thumbnails.pixels, list(thumbnails.slices)) == (None, [1, 1])

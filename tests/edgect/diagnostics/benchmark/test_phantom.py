"""The invented slices: the same everywhere, and worth measuring on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgect import Classifier
from edgect.diagnostics.benchmark import phantom
from edgect.model.preprocess.lung_box import find_lung_box
from edgect.scans import read_slice

COUNT = 32


def test_what_is_written_reads_back_and_is_the_same_each_time(tmp_path: Path) -> None:
    for number, path in enumerate(phantom.write(tmp_path, 3)):
        np.testing.assert_array_equal(read_slice(path), phantom.draw(number))


def test_no_slice_comes_twice() -> None:
    assert len({phantom.draw(number).tobytes() for number in range(COUNT)}) == COUNT


def test_lungs_are_found_in_every_slice() -> None:
    assert all(find_lung_box(phantom.draw(number)) for number in range(COUNT))


def test_both_labels_are_given(tmp_path: Path) -> None:
    """Where one label is given to all, agreement of labels would be no feat."""
    rows = Classifier(backend="onnxruntime", threads=1, gate=False).classify(phantom.write(tmp_path, COUNT))
    assert {row.label for row in rows} == {"COVID-19", "not COVID-19"}

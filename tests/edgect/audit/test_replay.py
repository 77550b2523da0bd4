"""The same scans get the same answers, and what differs is listed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgect.cli import main
from tests.edgect.audit.trails import contents, files, forge
from tests.edgect.conftest import Classify
from tests.edgect.scans.dicom_files import ct, write
from tests.edgect.synthetic import body, encode
from tests.volume_inputs import hounsfield

EXAMPLES = Path(__file__).parents[3] / "examples" / "scans"
CLASSIFY = ("--backend", "onnxruntime", "--threads", "1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two example scans, several frames, and a file that is cut."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for path in sorted(EXAMPLES.iterdir())[1:3]:
        shutil.copy(path, folder)
    (folder / "pages.tif").write_bytes(encode(body(), "TIFF", save_all=True, append_images=[]))
    (folder / "cut.png").write_bytes(encode(body(), "PNG")[:1000])
    return folder


def replay(*arguments: object) -> tuple[int, str]:
    line = ["audit", "replay", *map(str, arguments), "--threads", "1"]
    done = CliRunner().invoke(main, line, catch_exceptions=False)
    return done.exit_code, done.output


def test_the_same_scans_get_the_same_answers(classify: Classify, folder: Path, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    classify(folder, *CLASSIFY, "--audit", trail)
    classify(folder, *CLASSIFY, "--audit", trail, "--operating-point", "screening", "--error-rate", "0.1")
    classify(folder, *CLASSIFY, "--audit", trail, "--threshold", "0.2", "--model", "cnn2")
    for path in folder.iterdir():
        path.rename(path.with_stem(f"renamed-{path.stem}"))
    code, text = replay(trail, folder)
    lines = len(contents(trail))
    assert (code, f"{lines} of {lines} answers replayed, 0 differ" in text) == (0, True)


def test_an_answer_that_differs_is_listed(classify: Classify, folder: Path, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    classify(folder, *CLASSIFY, "--audit", trail)
    before = contents(trail)[1]
    assert before["label"] == "COVID-19"
    forge(trail, 2, label="not COVID-19", probability=0.25, engine="0.1")
    code, text = replay(trail, folder)
    assert code == 1
    assert "1 differ" in text
    assert f"label not COVID-19, now COVID-19; probability 0.25, now {before['probability']}" in text
    assert "onnxruntime 0.1" in text


def test_what_cannot_be_replayed_is_counted(
    classify: Classify, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = tmp_path / "trail"
    classify(folder, *CLASSIFY, "--audit", trail)
    forge(trail, 1, bundle="f" * 12)
    (folder / "cut.png").unlink()
    code, text = replay(trail, folder)
    assert code == 0
    assert "1 not replayed: they are of bundle ffffffffffff" in text
    monkeypatch.setenv("EDGECT_SALT", "another")
    code, text = replay(trail, folder)
    assert (code, "named with another salt" in text) == (2, True)


def test_a_dicom_file_with_other_bytes_is_known_by_its_instance(classify: Classify, tmp_path: Path) -> None:
    sent, stored = tmp_path / "sent", tmp_path / "stored"
    for folder, patient in ((sent, "A"), (stored, "B")):
        folder.mkdir()
        (folder / "IM1").write_bytes(write(ct(hounsfield(1), PatientID=patient, SOPInstanceUID="1.2.3.77")))
    classify(sent, *CLASSIFY, "--audit", tmp_path / "trail")
    code, text = replay(tmp_path / "trail", stored)
    assert (code, "1 of 1 answers replayed, 0 differ" in text) == (0, True)
    assert "differ in their bytes" in text


def test_an_altered_trail_is_not_replayed(classify: Classify, folder: Path, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    classify(folder, *CLASSIFY, "--audit", trail)
    (file,) = files(trail)
    file.write_bytes(file.read_bytes().replace(b'"COVID-19"', b'"COVID-20"'))
    code, text = replay(trail, folder)
    assert (code, "it is not as it was written" in text) == (1, True)

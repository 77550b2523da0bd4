"""Patients of every script: their names in the report are what they are in the image."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from pydicom import dcmread

from edgect.pipeline import Pipeline
from edgect.services.listen.results.options import ResultOptions
from tests.edgect.scans.dicom_files import write
from tests.edgect.services.listen.listen_process import image
from tests.edgect.services.listen.worker_results import EVERYTHING, results_of


class Patient(NamedTuple):
    """sets: SpecificCharacterSet of the image. raw: the name's bytes there. name: what they say.

    written: SpecificCharacterSet of the report. certain: whether the bytes are as the standard has them.
    """

    sets: bytes
    raw: bytes
    name: str
    written: list[str]
    certain: bool = True


# names are the examples of DICOM PS3.5, annexes H, I and K, but for 表, which holds the byte of "="
UTF_8 = ["ISO_IR 192"]
GERMAN, CHINESE = "Müller^Jörg", "Wang^XiaoDong=王^小东"
KOREAN = (
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    "Hong^Gildong=洪^吉洞=홍^길동",
)
JAPANESE = (
    b"Hyo^Tarou=\x1b$BI=\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$R$g$&\x1b(B^\x1b$B$?$m$&\x1b(B",
    "Hyo^Tarou=表^太郎=ひょう^たろう",
)
HALF_WIDTH = (
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
)
PATIENTS = {
    "Japanese, first value empty": Patient(b"\\ISO 2022 IR 87", *JAPANESE, ["", "ISO 2022 IR 87"]),
    "Korean, first value empty": Patient(b"\\ISO 2022 IR 149", *KOREAN, ["", "ISO 2022 IR 149"]),
    "Chinese, first value empty": Patient(
        b"\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东",
        UTF_8,  # pydicom does not write this one
    ),
    "Korean, first value spelled out": Patient(
        b"ISO 2022 IR 6\\ISO 2022 IR 149", *KOREAN, ["ISO 2022 IR 6", "ISO 2022 IR 149"]
    ),
    "Korean, no first value": Patient(b"ISO 2022 IR 149", *KOREAN, ["", "ISO 2022 IR 149"]),
    "Japanese, half-width": Patient(
        b"ISO 2022 IR 13\\ISO 2022 IR 87", *HALF_WIDTH, ["ISO 2022 IR 13", "ISO 2022 IR 87"]
    ),
    "Japanese, first value without extensions": Patient(
        b"ISO_IR 13\\ISO 2022 IR 87", *HALF_WIDTH, ["ISO 2022 IR 13", "ISO 2022 IR 87"]
    ),
    "GB18030": Patient(b"GB18030", CHINESE.encode("gb18030"), CHINESE, ["GB18030"]),
    "GBK": Patient(b"GBK", CHINESE.encode("gbk"), CHINESE, ["GB18030"]),  # which has all of GBK
    "a byte that is a backslash in ASCII": Patient(b"GBK", "Li^乗".encode("gbk"), "Li^乗", UTF_8),
    "UTF-8": Patient(b"ISO_IR 192", CHINESE.encode(), CHINESE, UTF_8),
    "Latin-1": Patient(b"ISO_IR 100", GERMAN.encode("latin-1"), GERMAN, ["ISO_IR 100"]),
    "Latin-1, misspelt": Patient(b"ISO IR 100", GERMAN.encode("latin-1"), GERMAN, ["ISO_IR 100"]),
    "Latin-1, in lower case": Patient(b"iso-ir 100", GERMAN.encode("latin-1"), GERMAN, ["ISO_IR 100"]),
    "Latin-9": Patient(b"ISO_IR 203", "Œuf^J".encode("iso8859-15"), "Œuf^J", UTF_8),
    "ASCII by its number": Patient(b"ISO_IR 6", b"Mueller^J", "Mueller^J", UTF_8),
    "none declared": Patient(b"", b"Mueller^J", "Mueller^J", UTF_8),
    "none declared, but Latin-1": Patient(b"", GERMAN.encode("latin-1"), GERMAN, UTF_8, False),
    "none declared, but UTF-8": Patient(b"", GERMAN.encode(), GERMAN, UTF_8, False),
    "unknown": Patient(b"ISO_IR 999", GERMAN.encode("latin-1"), GERMAN, UTF_8, False),
    "unknown, a codec of Python": Patient(b"hex", GERMAN.encode(), GERMAN, UTF_8, False),
    "another than declared": Patient(
        b"ISO_IR 192", GERMAN.encode("latin-1"), "M\ufffdller^J\ufffdrg", UTF_8, False
    ),
    "an escape that is not declared": Patient(
        b"\\ISO 2022 IR 87", b"Hong^G=\x1b$)C\xc8\xab", "Hong^G=\x1b$)C\ufffd\ufffd", UTF_8, False
    ),
}


# whose images get every kind of result, and the others the report alone
WHOLE = {
    "Japanese, first value empty",
    "Chinese, first value empty",
    "GB18030",
    "Latin-1",
    "none declared, but Latin-1",
    "an escape that is not declared",
}


@pytest.fixture(scope="module")
def classifier() -> Pipeline:
    return Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)


@pytest.mark.parametrize("kind", PATIENTS)
def test_the_report_has_the_patients_name(classifier: Pipeline, kind: str) -> None:
    patient = PATIENTS[kind]
    options = EVERYTHING if kind in WHOLE else ResultOptions()
    with results_of(classifier, slice_of(patient), options) as results:
        assert results.aside == []
        for path in (*results.reports, *results.others):
            dataset = dcmread(path)
            value = dataset.SpecificCharacterSet
            assert ([value] if isinstance(value, str) else list(value)) == patient.written
            assert dataset.PatientName == patient.name
            if shutil.which("dciodvfy") and "\x1b" not in patient.name:
                assert b"Error" not in run("dciodvfy", path)
        (report,) = results.reports
        assert (b"garbled or missing" in report.read_bytes()) is not patient.certain
        if shutil.which("dsrdump"):
            assert b"Probability of COVID-19 on a slice" in run("dsrdump", report)
        kinds = [path.name.rpartition("-")[0] for path in results.others]
        assert kinds == (["3d-report", "evidence-map", "heat-map-1", "key-images"] if kind in WHOLE else [])


def slice_of(patient: Patient) -> bytes:
    """A file with these bytes, as no writer would write some of them."""
    stand_ins = b"ISO_IR 100", b"N" * len(patient.raw)
    content = write(image(0, SpecificCharacterSet=stand_ins[0].decode(), PatientName=stand_ins[1].decode()))
    for vr, before, after in zip((b"CS", b"PN"), stand_ins, (patient.sets, patient.raw), strict=True):
        old, new = (vr + struct.pack("<H", len(even)) + even for even in map(padded, (before, after)))
        assert content.count(old) == 1
        content = content.replace(old, new)
    return content


def padded(value: bytes) -> bytes:
    return value + b" " * (len(value) % 2)


def run(program: str, path: Path) -> bytes:
    done = subprocess.run([program, str(path)], capture_output=True, check=False)
    assert done.returncode == 0 or program == "dciodvfy"
    return done.stdout + done.stderr

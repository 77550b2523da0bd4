"""What an audit says of tables that are wrong in one way, and of one that is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgect.sources.about import About
from edgect.sources.audit import audit, audit_together
from edgect.sources.findings import Finding
from edgect.sources.numbers import FITTING, HELD
from edgect.sources.parts import FixedParts, fixed_parts
from edgect.sources.table import read_table

HEAD = "path,label,patient,part"
Audit = Callable[..., list[Finding]]
WritePictures = Callable[..., Path]


@pytest.fixture
def pictures(tmp_path: Path) -> WritePictures:
    """Write a table, and for each of its paths that is not there a picture like no other."""

    def write(lines: list[str], head: str = HEAD, name: str = "t.csv") -> Path:
        for line in lines:
            file = tmp_path / line.split(",")[0]
            if not file.exists():
                file.parent.mkdir(exist_ok=True, parents=True)
                file.write_bytes(picture(sum(map(ord, line)) * 1000 + len(list(file.parent.iterdir()))))
        (tmp_path / name).write_text("\n".join([head, *lines]))
        return tmp_path / name

    return write


@pytest.fixture
def findings() -> Audit:
    def run(table: Path, **options: object) -> list[Finding]:
        cases = read_table(str(table))
        parts = fixed_parts(table, cases, fix=False)
        return audit(cases, parts, About.of_table(table), **options)  # type: ignore[arg-type]

    return run


def picture(seed: int, side: int = 16) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)
    return bytes(cv2.imencode(".png", cv2.resize(noise, (64, 64), interpolation=cv2.INTER_NEAREST))[1])


def enough(slices: int = 1) -> list[str]:
    """Lines of so many patients of both classes in each part that nothing is to be said."""
    numbers = {"train": FITTING - 1, "validation": 1, "test": HELD}
    return [
        f"{part}-{label}-{n}-{place}.png,{label},{part}-{label}-{n},{part}"
        for part, count in numbers.items()
        for label in (0, 1)
        for n in range(count)
        for place in range(slices)
    ]


def the(findings: list[Finding], words: str) -> Finding:
    """The one finding with these words."""
    (finding,) = (each for each in findings if words in each.sentence)
    return finding


def test_nothing_is_said_of_a_good_table(pictures: WritePictures, findings: Audit) -> None:
    assert findings(pictures(enough())) == []


@pytest.mark.parametrize(
    ("part", "label", "severity", "words", "needed"),
    [
        ("train", 1, "error", "1 patient with slices COVID-19; to promise a sensitivity", FITTING),
        ("train", 0, "error", "1 patient with slices not COVID-19; to promise a specificity", FITTING),
        ("validation", 1, "error", "The validation part has no slice COVID-19", 1),
        ("test", 0, "error", "The test part has 0 patients with slices not COVID-19", HELD),
    ],
)
def test_too_few_of_a_class_in_a_part_are_told_with_the_number_needed(
    pictures: WritePictures, findings: Audit, part: str, label: int, severity: str, words: str, needed: int
) -> None:
    lines = [line for line in enough() if not line.startswith(f"{part}-{label}-")]
    finding = the(findings(pictures(lines)), words)
    assert (finding.severity, finding.needed) == (severity, needed)


def test_fewer_held_patients_than_are_needed_are_a_warning(pictures: WritePictures, findings: Audit) -> None:
    (finding,) = findings(pictures([line for line in enough() if "test-1-7-" not in line]))
    assert (finding.severity, finding.needed) == ("warning", HELD)
    assert f"The test part has {HELD - 1} patients with slices COVID-19" in finding.sentence


def test_one_class_is_an_error_unless_another_source_has_the_other(
    pictures: WritePictures, findings: Audit
) -> None:
    table = pictures([line for line in enough() if line.split(",")[1] == "0"])
    assert the(findings(table), "No slice is COVID-19").severity == "error"
    assert findings(table, elsewhere={1}) == []


def test_a_part_without_a_class_is_a_warning_where_another_source_has_it(
    pictures: WritePictures, findings: Audit
) -> None:
    lines = [line for line in enough() if line.startswith(("test-0", "train-1-0-"))]
    told = findings(pictures(lines), elsewhere={0, 1})
    assert len(told) == 4
    assert {each.severity for each in told} == {"warning"}


def test_a_patient_in_two_parts_is_an_error(pictures: WritePictures) -> None:
    table = pictures(enough())
    cases = read_table(str(table))
    parts = fixed_parts(table, cases)
    units = ["torn" if n in (0, len(parts.units) - 1) else unit for n, unit in enumerate(parts.units)]
    torn: FixedParts = dataclasses.replace(parts, units=units)
    assert the(audit(cases, torn, About("t")), "in more than one part: 'torn'").severity == "error"


@pytest.mark.parametrize(
    ("original", "copy", "severity", "words"),
    [
        ("train-1-0-0", "train-0-0-0", "error", "with different labels"),
        ("train-1-0-0", "test-1-0-0", "error", "in different parts"),
        ("train-1-0-0", "train-1-1-0", "warning", "of different patients"),
        ("train-1-0-0", "train-1-0-1", "note", "within one part"),
    ],
)
def test_copies_are_judged_by_what_they_join(
    pictures: WritePictures, findings: Audit, original: str, copy: str, severity: str, words: str
) -> None:
    table = pictures(enough(2))
    (table.parent / f"{copy}.png").write_bytes((table.parent / f"{original}.png").read_bytes())
    (finding,) = findings(table)
    assert finding.severity == severity
    assert words in finding.sentence
    assert f"'{original}.png'" in finding.sentence
    assert f"'{copy}.png'" in finding.sentence


def test_of_many_copies_the_first_are_named(pictures: WritePictures, findings: Audit) -> None:
    table = pictures(enough(2))
    for n in range(5):
        (table.parent / f"train-1-{n}-1.png").write_bytes((table.parent / f"train-1-{n}-0.png").read_bytes())
    sentence = the(findings(table), "within one part").sentence
    assert "'train-1-2-0.png', 'train-1-2-1.png' and 2 more" in sentence
    assert "train-1-3" not in sentence


@pytest.mark.parametrize(("copy", "pairs"), [("test-1-0-0", 1), ("train-1-1-0", 0)])
def test_near_copies_count_across_parts(
    pictures: WritePictures, findings: Audit, copy: str, pairs: int
) -> None:
    table = pictures(enough())
    original = cv2.imread(str(table.parent / "train-1-0-0.png"), cv2.IMREAD_GRAYSCALE)
    noise = np.random.default_rng(0).integers(-3, 4, (128, 128))
    bright = original.repeat(2, 0).repeat(2, 1) * 0.8 + noise + 20
    cv2.imwrite(str(table.parent / f"{copy}.png"), bright.clip(0, 255).astype(np.uint8))
    told = findings(table)
    assert len(told) == pairs
    for finding in told:
        assert finding.severity == "warning"
        assert "1 pair of slices in different parts look alike" in finding.sentence
        assert f"'train-1-0-0.png' and '{copy}.png'" in finding.sentence


def test_what_is_no_slice_is_told_with_its_reason(pictures: WritePictures, findings: Audit) -> None:
    table = pictures(enough())
    (table.parent / "train-1-0-0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    cv2.imwrite(str(table.parent / "deep.png"), np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16)
    table = pictures([*enough(), "deep.png,1,deep,train"])
    told = findings(table)
    assert "'train-1-0-0.png': " in the(told, "files, 1 cannot be read in full").sentence
    assert "'deep.png': " in the(told, "files, 1 would be rejected").sentence


def test_many_slices_are_not_compared_and_that_is_told(
    pictures: WritePictures, findings: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgect.sources.thumbnails.MOST", 10)
    (finding,) = findings(pictures(enough()))
    assert (finding.severity, "were not compared" in finding.sentence) == ("note", True)


@pytest.mark.parametrize(
    ("slices", "others", "told"),
    [(10, 3, True), (9, 3, False), (10, 2, False), (10, 30, False), (10, 29, True)],
)
def test_a_patient_with_most_of_the_slices_is_told(
    pictures: WritePictures, findings: Audit, slices: int, others: int, told: bool
) -> None:
    lines = [f"a-{n}.png,1,a,train" for n in range(slices)]
    table = pictures([*lines, *(f"b-{n}.png,1,{n},train" for n in range(others))])
    words = f"{slices} of {slices + others} are of patient 'a'"
    assert any(words in each.sentence for each in findings(table)) is told


def test_patients_that_are_labelled_as_a_whole_are_told_unless_that_is_known(
    pictures: WritePictures, findings: Audit
) -> None:
    lines = [*enough(), *(f"w-{n}.png,1,train-1-{n % 2},train" for n in range(50))]
    table = pictures(lines)
    words = "every slice of them is labelled so"
    assert the(findings(table), words).sentence.startswith("2 patients")
    pictures([*lines, "w.png,0,train-1-0,train"])
    assert not any(words in each.sentence for each in findings(table))
    pictures(lines)
    (table.parent / "t.about.json").write_text('{"positives_may_show_nothing": true}')
    assert not any(words in each.sentence for each in findings(table))


def test_unknown_patients_and_names_without_numbers_are_told(
    pictures: WritePictures, findings: Audit
) -> None:
    table = pictures(["1.png,1,", "a.png,1,", "b.png,0,series b"], "path,label,series")
    told = findings(table)
    assert the(told, "Patients are unknown").severity == "warning"
    assert "1 file without a number in the name ('a.png')" in the(told, "in one block").sentence


def test_errors_come_first(pictures: WritePictures, findings: Audit) -> None:
    severities = [each.severity for each in findings(pictures(["1.png,1", "2.png,1"], "path,label"))]
    assert severities == sorted(severities)
    assert {"error", "warning"} <= set(severities)


def test_sources_that_differ_by_class_or_share_files_are_told(pictures: WritePictures) -> None:
    names = {"a.csv": "1.png,1\n2.png,1", "b.csv": "3.png,0\n4.png,0", "c.csv": "3.png,0\n5.png,0"}
    parts = {}
    for name, lines in names.items():
        table = pictures(lines.split("\n"), "path,label", name)
        parts[name] = fixed_parts(table, read_table(str(table)))
    assert audit_together({"a": parts["a.csv"]}) == []
    told = audit_together({"a": parts["a.csv"], "b": parts["b.csv"], "c": parts["c.csv"]})
    assert len(told) == 2
    assert "All slices COVID-19 are of one source, 'a'" in the(told, "All slices").sentence
    assert the(told, "1 file of b and of c are the same: '3.png'").severity == "warning"

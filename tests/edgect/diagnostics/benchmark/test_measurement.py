"""A short measurement with real engines, against what can be known without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgect import Classifier
from edgect.diagnostics.benchmark import measurement
from edgect.diagnostics.benchmark.measurement import PASS, run_benchmark
from edgect.diagnostics.benchmark.report import BenchmarkReport
from edgect.errors import UsageError
from tests.edgect.synthetic import write_scan


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scans and a file that is none."""
    folder = tmp_path_factory.mktemp("scans")
    for seed in range(3):
        write_scan(folder / f"{seed}.png", seed)
    (folder / "bad.png").write_bytes(b"")
    return folder


@pytest.fixture(scope="module", params=["openvino", pytest.param("onnxruntime", marks=pytest.mark.long)])
def report(request: pytest.FixtureRequest, folder: Path) -> BenchmarkReport:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measurement, "STARTS", 2)  # which take longest
        return run_benchmark([str(folder)], backends=[request.param], threads=1, seconds=0)


def test_every_precision_has_its_figures(report: BenchmarkReport) -> None:
    assert [f.precision for f in report.engines] == ["int8", "fp32"]
    for figures in report.engines:
        assert figures.threads == 1
        assert 0 < figures.network_p50_ms <= figures.network_p95_ms
        assert 0 < figures.answer_p50_ms <= figures.answer_p95_ms
        assert figures.slices_per_second > 0
        assert figures.pass_slices >= PASS
        assert min(figures.calls, figures.passes, figures.starts) > 1


def test_speed_ups_are_ratios_of_the_figures(report: BenchmarkReport) -> None:
    int8, fp32 = report.engines
    (comparison,) = report.int8_to_fp32
    assert comparison.network == pytest.approx(fp32.network_p50_ms / int8.network_p50_ms, abs=0.01)
    assert comparison.answer == pytest.approx(fp32.answer_p50_ms / int8.answer_p50_ms, abs=0.01)
    assert comparison.folder == pytest.approx(int8.slices_per_second / fp32.slices_per_second, abs=0.01)
    assert comparison.start == pytest.approx(fp32.start_s / int8.start_s, abs=0.01)


def test_agreement_is_that_of_the_classifier(report: BenchmarkReport, folder: Path) -> None:
    backend = report.engines[0].backend
    int8, fp32 = (
        [row for row in Classifier(backend=backend, precision=p, threads=1).classify([folder]) if row.label]
        for p in ("int8", "fp32")
    )
    pairs = list(zip(int8, fp32, strict=True))
    (comparison,) = report.int8_to_fp32
    assert comparison.slices == 3
    assert comparison.same_label == sum(a.label == b.label for a, b in pairs)
    largest = max(abs((a.probability or 0) - (b.probability or 0)) for a, b in pairs)
    assert largest > 0
    assert comparison.largest_difference == pytest.approx(largest, abs=1e-5)


def test_a_file_without_an_answer_is_left_out_and_counted(report: BenchmarkReport) -> None:
    assert (report.slices.source, report.slices.files) == ("given", 4)
    assert (report.slices.answered, report.slices.unanswered) == (3, 1)
    assert any("Left out: 1" in note for note in report.notes)
    assert not any("invented" in note for note in report.notes)


@pytest.mark.long
def test_one_precision_alone_is_compared_with_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "STARTS", 1)
    report = run_benchmark([str(folder)], backends=["onnxruntime"], precisions=["fp32"], threads=1, seconds=0)
    assert [f.precision for f in report.engines] == ["fp32"]
    assert report.int8_to_fp32 == []


def test_where_no_file_gets_an_answer_there_is_nothing_to_measure(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"bad\.png.*empty file"):
        run_benchmark([str(folder / "bad.png")], backends=["onnxruntime"], seconds=0)

"""A cluster of processes gives what the plain command gives."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.dask_processes import Processes
from tests.edgect.batch.cluster.conftest import Run, answers
from tests.edgect.scans.dicom_files import CANARY, ct, write
from tests.edgect.synthetic import write_scan
from tests.volume_inputs import hounsfield


def test_the_same_rows_in_the_same_order(
    cluster: Processes, run: Run, batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(batch / "z.zip", "w") as archive:
        archive.write(batch / "a.png", "in/a.png")
    plain = run(batch)
    assert len(plain) == 10
    assert answers(run(batch, "--scheduler", cluster.address)) == answers(plain)
    monkeypatch.chdir(batch)  # workers have folders of their own to start from
    relative = ("s", "a.png", f"file://{batch}/c.tif", "z.zip")
    plain = run(*relative, code=0)
    assert answers(run(*relative, "--scheduler", cluster.address, code=0)) == answers(plain)
    assert [row["path"] for row in plain] == [
        "s/h.png",
        "a.png",
        *[f"file://{batch}/c.tif"] * 3,
        "z.zip/in/a.png",
    ]


def test_pictures_beside_the_rows(cluster: Processes, run: Run, batch: Path, tmp_path: Path) -> None:
    outcomes = []
    for name, options in (("here", ()), ("there", ("--scheduler", cluster.address))):
        maps, page = tmp_path / name / "maps", tmp_path / name / "page.html"
        maps.mkdir(parents=True)
        rows = run(batch, "--cam", maps, "--report", page, *options)
        drawn = {path.name: path.read_bytes() for path in maps.iterdir()}
        assert set(drawn) == {row["heat_map"] for row in rows if row["status"] == "ok"} != {""}
        images = [part for part in page.read_text().split('"') if part.startswith("data:image/webp")]
        assert len(images) > len(drawn)
        outcomes.append((answers(rows), drawn, images))
        assert not list(page.parent.glob("page.html.*"))
    assert outcomes[0] == outcomes[1]


def test_series_are_named_by_the_salt_of_whoever_asks(
    cluster: Processes, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGECT_SALT", "of this machine alone")
    folder = tmp_path / "ct"
    folder.mkdir()
    for number in range(3):
        dataset = ct(hounsfield(number), ImagePositionPatient=[0, 0, -5 * number])
        (folder / f"IM{number}").write_bytes(write(dataset))
    series = tmp_path / "series.jsonl"
    for options in ((), ("--include-identifiers",)):
        plain, stderr_text = run(folder, "--series", series, *options, code=0), series.read_text()
        result = run(folder, "--series", series, *options, "--scheduler", cluster.address, code=0)
        assert answers(result) == answers(plain)
        assert all(row["series"] for row in result)
        assert series.read_text() == stderr_text
        assert CANARY not in run.out.read_text() + stderr_text


def test_local_workers(run: Run, batch: Path) -> None:
    plain = run(batch)
    assert answers(run(batch, "--scheduler", "local", "--workers", "1", "--threads", "2")) == answers(plain)
    assert {row["threads"] for row in run.rows(run.out) if row["status"] == "ok"} == {"2"}


def test_a_run_is_taken_up_on_the_cluster_and_off_it(cluster: Processes, run: Run, batch: Path) -> None:
    there = ("--scheduler", cluster.address)
    for seed, (first, then) in enumerate((((), there), (there, ()), (there, there)), 20):
        whole = run(batch, *first)
        content = run.out.read_bytes()
        run.out.unlink()
        run.partial.write_bytes(content[: len(content) * 7 // 8])
        write_scan(batch / "a.png", seed, 130, 150)  # another slice by now
        again = run(batch, *then, "--resume")
        same = [row for row in whole if "a.png" not in row["path"]]
        assert answers([row for row in again if "a.png" not in row["path"]]) == answers(same)
        assert answers(again) == answers(run(batch))
        kept = [new["milliseconds"] == old["milliseconds"] for new, old in zip(again, whole, strict=True)]
        assert kept.count(True) >= 4
        assert not kept[0]


def test_heat_maps_that_are_gone_are_drawn_again(
    cluster: Processes, run: Run, batch: Path, tmp_path: Path
) -> None:
    maps, there = tmp_path / "maps", ("--scheduler", cluster.address)
    whole = run(batch, "--cam", maps, *there)
    drawn = {path.name: path.read_bytes() for path in maps.iterdir()}
    (maps / sorted(drawn)[0]).unlink()
    assert answers(run(batch, "--cam", maps, *there, "--resume")) == answers(whole)
    assert {path.name: path.read_bytes() for path in maps.iterdir()} == drawn

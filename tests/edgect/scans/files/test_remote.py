"""URLs as paths, on a store in memory."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgect import Classifier
from edgect.errors import NotInstalledError, ScanError, UsageError
from edgect.scans import Limits, find_scans, read_bytes
from tests.edgect.synthetic import write_scan

fsspec = pytest.importorskip("fsspec", reason="URLs need fsspec")


@pytest.fixture
def store(scans: Path) -> Iterator[str]:
    """The folder of three scans, and what else lies about in a store."""
    memory = fsspec.filesystem("memory")
    for path in (path for path in scans.rglob("*") if path.is_file()):
        memory.pipe(f"/archive/{path.relative_to(scans)}", path.read_bytes())
    memory.pipe({"/archive/.hidden/d.png": b"x", "/archive/Thumbs.db": b"x", "/archive/empty.png": b""})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(scans / "a.png", "folder/a.png")
        archive.writestr("__MACOSX/a.png", b"x")
    memory.pipe("/archive/z.zip", packed.getvalue())
    yield "memory://archive"
    memory.rm("/archive", recursive=True)


NAMES = ["a.png", "b.png", "empty.png", "sub/c.png", "z.zip/folder/a.png"]


def test_a_folder_of_a_store_is_listed_as_one_on_a_disk(store: str) -> None:
    for url in (store, f"{store}/"):
        assert find_scans([url]) == [f"{store}/{name}" for name in NAMES]
    assert find_scans([f"{store}/b.png", f"{store}/sub"]) == [f"{store}/b.png", f"{store}/sub/c.png"]
    assert find_scans([f"{store}/z.zip/folder/a.png"]) == [f"{store}/z.zip/folder/a.png"]


def test_content_is_that_of_the_files(store: str, scans: Path) -> None:
    for name, path in (("b.png", "b.png"), ("sub/c.png", "sub/c.png"), ("z.zip/folder/a.png", "a.png")):
        assert read_bytes(f"{store}/{name}") == (scans / path).read_bytes()


@pytest.mark.parametrize(
    ("name", "limit", "reason"),
    [
        ("empty.png", 10, "empty file"),
        ("a.png", 10, "over the limit of 10 bytes"),
        ("gone.png", 10, "No such file"),
    ],
)
def test_what_cannot_be_read_says_why(store: str, name: str, limit: int, reason: str) -> None:
    with pytest.raises(ScanError, match=reason):
        read_bytes(f"{store}/{name}", Limits(bytes=limit))


def test_file_urls_are_paths(scans: Path) -> None:
    assert find_scans([f"file://{scans}"]) == [f"file://{path}" for path in find_scans([scans])]
    classifier = Classifier(backend="onnxruntime", threads=1)
    for url, path in zip(find_scans([f"file://{scans}"]), find_scans([scans]), strict=True):
        remote_result, local_result = classifier.predict(url), classifier.predict(path)
        assert (remote_result.path, remote_result.probability) == (url, local_result.probability)
        assert remote_result.status == "ok"


def test_a_url_of_nothing(tmp_path: Path) -> None:
    for url in ("memory://nowhere/at/all", f"file://{tmp_path}/nothing"):
        with pytest.raises(UsageError, match="no such file or folder"):
            find_scans([url])


@pytest.mark.parametrize(
    ("missing", "url", "hint"),
    [
        ("fsspec", "memory://a", "fsspec, which is not installed: pip install 'distributed>="),
        ("s3fs", "s3://bucket/a", "Install s3fs"),
        ("gcsfs", "gs://bucket/a", "install gcsfs"),
    ],
)
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str, url: str, hint: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    if missing != "fsspec":  # a scheme once used is remembered
        monkeypatch.delitem(
            fsspec.registry.target if hasattr(fsspec.registry, "target") else {}, "s3", raising=False
        )
    with pytest.raises(NotInstalledError, match=hint):
        find_scans([url])


def test_a_scheme_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match="no scheme that fsspec knows"):
        find_scans(["nonsense://a"])


def test_an_output_is_not_read_by_its_url(tmp_path: Path, scans: Path) -> None:
    from edgect.batch.inputs import Output, list_inputs

    out = write_scan(scans / "out.png")
    owned = Output("-o", out, lambda path: Path(path) == out)
    with pytest.raises(UsageError, match="is one of the scans"):
        list_inputs([f"file://{scans}"], [owned])

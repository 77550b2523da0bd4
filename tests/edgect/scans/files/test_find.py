from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgect.errors import UsageError
from edgect.scans import find_scans
from tests.edgect.synthetic import write_scan


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a/z.png", "a.png", "a/b/c.png"):
        write_scan(tmp_path / "tree" / name, height=32, width=32)
    return tmp_path / "tree"


def test_arguments_keep_their_order(tree: Path) -> None:
    assert find_scans(["tree/b.png", "tree/a.png"]) == ["tree/b.png", "tree/a.png"]
    assert find_scans(["tree/b.png", "tree/a", "tree/a.png"]) == [
        "tree/b.png",
        "tree/a/b/c.png",
        "tree/a/z.png",
        "tree/a.png",
    ]


def test_a_folder_is_searched_to_any_depth_and_sorted_by_path(tree: Path) -> None:
    assert find_scans([Path("tree")]) == ["tree/a.png", "tree/a/b/c.png", "tree/a/z.png", "tree/b.png"]


def test_a_path_given_twice_gives_two(tree: Path) -> None:
    assert find_scans(["tree/a.png", "tree/a.png"]) == ["tree/a.png"] * 2
    assert len(find_scans(["tree", "tree"])) == 8


def test_links_are_followed_and_paths_stay_as_given(tree: Path) -> None:
    Path("link.png").symlink_to(tree / "a.png")
    Path("linked").symlink_to(tree / "a")
    assert find_scans(["link.png", "linked"]) == ["link.png", "linked/b/c.png", "linked/z.png"]


def test_paths_are_not_normalised(tree: Path) -> None:
    assert find_scans(["./tree/../tree/b.png"]) == ["./tree/../tree/b.png"]


def test_a_link_back_up_ends_and_lists_each_file_once(tree: Path) -> None:
    (tree / "a" / "b" / "up").symlink_to(tree)
    (tree / "self").symlink_to(tree)
    assert find_scans(["tree"]) == ["tree/a.png", "tree/a/b/c.png", "tree/a/z.png", "tree/b.png"]


def test_hidden_files_and_droppings_are_skipped_in_folders(tree: Path) -> None:
    for name in (".hidden.png", ".git/x.png", "Thumbs.db", "desktop.ini"):
        write_scan(tree / name, height=32, width=32)
    assert len(find_scans(["tree"])) == 4
    assert find_scans(["tree/.hidden.png"]) == ["tree/.hidden.png"]


def test_files_that_are_no_images_are_listed_beside_images(tree: Path) -> None:
    (tree / "notes.txt").write_text("x")
    (tree / "no_suffix").write_text("x")
    assert {"tree/notes.txt", "tree/no_suffix"} < set(find_scans(["tree"]))


def test_an_image_without_a_suffix_makes_a_folder_worth_reading(tmp_path: Path) -> None:
    write_scan(tmp_path / "IM0001")
    assert find_scans([tmp_path]) == [str(tmp_path / "IM0001")]


def test_a_note_that_begins_like_a_picture_is_none(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("BMI of the patient: 24")
    with pytest.raises(UsageError, match="no images in"):
        find_scans([tmp_path])


def test_a_file_given_by_name_needs_no_image_suffix(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert find_scans([tmp_path / "notes.txt"]) == [str(tmp_path / "notes.txt")]


def test_a_dangling_link_is_listed(tree: Path) -> None:
    (tree / "gone.png").symlink_to("nowhere")
    assert "tree/gone.png" in find_scans(["tree"])


def test_a_missing_path_is_a_usage_error_that_names_it(tree: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.png"):
        find_scans(["tree/a.png", "tree/missing.png"])


@pytest.mark.parametrize("content", ["nothing", "text only", "hidden only", "fifo only"])
def test_a_folder_without_images_is_a_usage_error_that_names_it(tmp_path: Path, content: str) -> None:
    if content == "text only":
        (tmp_path / "notes.txt").write_text("x")
    if content == "hidden only":
        write_scan(tmp_path / ".scan.png")
    if content == "fifo only":
        os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no images in") as raised:
        find_scans([tmp_path])
    assert str(tmp_path) in str(raised.value)


def test_no_paths_at_all_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        find_scans([])

from __future__ import annotations

from edgect.rows import text_report


def test_a_long_text_continues_under_its_start() -> None:
    lines = text_report.wrapped("name  ", "word " * 40)
    assert len(lines) > 1
    assert max(map(len, lines)) <= text_report.WIDTH
    assert lines[0].startswith("name  word")
    assert all(line.startswith("      word") for line in lines[1:])
    assert text_report.wrapped("name  ", "word " * 40, indent=2)[1].startswith("  word")


def test_a_name_without_a_text_is_kept() -> None:
    assert text_report.wrapped("name", "") == ["name"]


def test_words_with_hyphens_are_kept_whole_where_wanted() -> None:
    path = "-".join(["folder"] * 9)
    text = f"{path} {path}"
    assert len(text_report.wrapped("", text)[0]) > len(path)
    assert text_report.wrapped("", text, break_on_hyphens=False) == [path, path]


def test_facts_and_notes_begin_a_line_each() -> None:
    assert list(text_report.facts({"a": "1", "bb": "2"}, 4)) == ["a   1", "bb  2"]
    assert list(text_report.notes(["One.", "Two."])) == ["Note: One.", "Note: Two."]


def test_cells_stand_under_one_another() -> None:
    assert text_report.row("a", ["1", "22"], 4, 3) == "a     1 22"


def test_a_document_is_ascii_and_ends_in_a_line_break() -> None:
    assert text_report.document(["L\u00fcngen", "\x1b"]) == "L\\xfcngen\n\x1b\n"

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import every_input


@pytest.mark.skipif(sys.platform != "linux", reason="makes pipes and names of any bytes")
def test_every_kind_of_input_gets_the_rows_it_should_from_one_command(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    written = every_input.write(folder)
    try:
        outcome = every_input.classify(folder)
    finally:
        os.chmod(folder / "folder-without-permission", 0o755)
    assert not every_input.unexpected(folder, written, outcome)
    assert sum(len(outcome.of(input_kind, folder)) for input_kind in written) == len(
        outcome.rows
    )  # and no others
    assert outcome.exit_code == 1
    assert "Traceback" not in outcome.stderr
    page = every_input.page(every_input.table(folder, written, outcome))
    assert _answers(Path(__file__).with_name("INPUTS.md").read_text("utf-8")) == _answers(page), (
        f"out of date: {every_input.PAGE_COMMAND}"
    )


def _answers(page: str) -> list[str]:
    """Inputs and statuses: reasons are in part what other programs say, and change with them."""
    return [line.rsplit("|", 2)[0] for line in page.splitlines() if line.startswith("|")]

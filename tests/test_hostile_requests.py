from __future__ import annotations

from pathlib import Path

import pytest

from tests import hostile_requests

pytestmark = pytest.mark.long


def test_every_hostile_request_gets_what_it_should_and_the_next_scan_its_answer() -> None:
    pytest.importorskip("starlette", reason="needs edgect[serve]")
    found = hostile_requests.run()
    assert not [one for one in found if not one.expected]
    assert all(one.answers_after for one in found)
    told = Path(__file__).with_name("HOSTILE.md").read_text("utf-8")
    assert _statuses(told) == _statuses(hostile_requests.page(found)), (
        f"out of date: {hostile_requests.PAGE_COMMAND}"
    )


def _statuses(page: str) -> list[str]:
    """What was sent and the status: the rest is in part what other programs say, and changes with them."""
    return [line.partition(":")[0] for line in page.splitlines() if line.startswith("|")]

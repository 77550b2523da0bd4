"""Points asked for while attempts are under way, on an invented surface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from math import log10
from pathlib import Path
from random import Random

import numpy as np
import pytest

from train.paper.search.proposals import Proposals
from train.paper.search.record import INITIAL, Proposal, Search, point
from train.run import RunError


def begun(folder: Path) -> Search:
    folder.mkdir(exist_ok=True)
    (folder / "search.json").write_text(json.dumps({"seed": 0}))
    return Search(folder)


def worth(proposal: Proposal) -> dict[str, float]:
    return {"accuracy": 0.9 - 0.1 * (2 + log10(proposal.point["learning_rate"])) ** 2}


def side_by_side(record: Search, wanted: int, workers: int, order: Random) -> Iterator[list[Proposal]]:
    """Attempts end in any order, a free worker gets the next one; yields what is under way each time."""
    proposals, hands = Proposals(record, wanted), list[Proposal]()
    while True:
        while len(hands) < workers and (proposal := proposals.next()) is not None:
            hands.append(proposal)
        yield sorted(hands, key=lambda proposal: proposal.number)
        if not hands:
            return
        ended = hands.pop(order.randrange(len(hands)))
        proposals.end(ended, worth(ended))


def test_stopped_anywhere_it_goes_on_with_what_was_under_way_and_asks_for_the_same_points(
    tmp_path: Path,
) -> None:
    whole, stopped = begun(tmp_path / "whole"), begun(tmp_path / "stopped")
    for _ in side_by_side(whole, INITIAL + 3, 3, Random(1)):
        pass
    order = iter([row["attempt"] for row in whole.attempts()])
    proposals, hands = Proposals(stopped, INITIAL + 3), dict[int, Proposal]()
    for number, ended in enumerate(order):
        if number in (2, INITIAL + 1):  # killed, and begun again from what is on disk
            before, hands = hands, {}
            proposals = Proposals(stopped, INITIAL + 3)
            again = [proposals.next() for _ in before]
            hands = {proposal.number: proposal for proposal in again if proposal is not None}
            assert hands == before
        while len(hands) < 3 and (proposal := proposals.next()) is not None:
            hands[proposal.number] = proposal
        proposals.end(hands[ended], worth(hands.pop(ended)))
    assert stopped.attempts() == whole.attempts()
    assert not stopped.under_way()


def test_every_attempt_is_on_record_once_in_whatever_order_they_end(tmp_path: Path) -> None:
    record = begun(tmp_path)
    for under_way in side_by_side(record, INITIAL + 1, 4, Random(3)):
        assert record.under_way() == under_way
    assert sorted(row["attempt"] for row in record.attempts()) == list(range(1, INITIAL + 2))


def test_points_asked_for_at_once_keep_apart(tmp_path: Path) -> None:
    """Without lies the surrogate, which has learned nothing new, would ask for the same point again."""
    record = begun(tmp_path)
    for _ in side_by_side(record, INITIAL, 1, Random(0)):
        pass
    proposals = Proposals(record, INITIAL + 3)
    open_proposals = [proposal for _ in range(3) if (proposal := proposals.next()) is not None]
    assert len(open_proposals) == 3
    places = record.optimiser().space.transform(
        [point(proposal.point) for proposal in open_proposals]
    )  # from 0 to 1
    assert min(np.linalg.norm(proposal - other) for proposal, other in combinations(places, 2)) > 0.05


def test_the_first_points_are_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    drawn = []
    for workers in (1, 4):
        record = begun(tmp_path / str(workers))
        for _ in side_by_side(record, INITIAL, workers, Random(0)):
            pass
        drawn.append(sorted((row["attempt"], point(row)) for row in record.attempts()))
    assert drawn[0] == drawn[1]


def test_what_came_back_is_made_before_anything_new(tmp_path: Path) -> None:
    proposals = Proposals(begun(tmp_path), 3)
    first, second = proposals.next(), proposals.next()
    assert first is not None
    assert second is not None
    proposals.give_back(second)
    proposals.give_back(first)
    assert [proposals.next(), proposals.next()] == [first, second]


def test_a_record_with_a_gap_is_refused(tmp_path: Path) -> None:
    record = begun(tmp_path)
    for _ in side_by_side(record, 3, 1, Random(0)):
        pass
    lines = record.record.read_text().splitlines(keepends=True)
    record.record.write_text(lines[0] + lines[2])
    with pytest.raises(RunError, match="attempt 2 is neither there nor under way"):
        Proposals(record, 4)

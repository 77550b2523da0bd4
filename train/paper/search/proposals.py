"""Which attempt is made next: scikit-optimize's ask and tell, with those under way in mind."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from train.paper.search.record import INITIAL, NAMES, Proposal, Search, point
from train.run import RunError


class Proposals:
    """Attempts to make, and the record of those that ended.

    With nothing under way a point is the optimiser's own, so that a search by one worker is a search
    without any. With attempts under way the optimiser is told a constant lie about each, the mean accuracy so
    far ("constant liar", Ginsbourger, Le Riche and Carraro 2010; `cl_mean` of scikit-optimize), and asked
    at once: a point is put where those under way will not tell what there is to know. The best accuracy as a
    lie makes hills of points that nobody has seen, the worst makes holes beside good ones; in a simulation on
    the surrogate of a finished search (four workers, 24 attempts, four seeds) the mean did best of the three.

    Nothing of this depends on time but the order in which attempts end, which the record keeps: a search
    that was stopped asks for the points that one never stopped would have asked for.
    """

    def __init__(self, search: Search, wanted: int) -> None:
        self.wanted = wanted
        self._search = search
        self._optimiser = search.optimiser()
        self._record = search.attempts()
        self._open = search.under_way()  # to be made again, and under way
        self._again = list(self._open)
        self._replay()

    @property
    def ended(self) -> int:
        """How many are on record."""
        return len(self._record)

    @property
    def best(self) -> float:
        """The best accuracy on record."""
        return float(max(row["accuracy"] for row in self._record))

    def next(self) -> Proposal | None:
        """None while as many as are wanted are on record or under way."""
        if len(self._record) + len(self._open) - len(self._again) >= self.wanted:
            return None
        if self._again:
            return self._again.pop(0)
        number, after = len(self._record) + len(self._open) + 1, len(self._record)
        proposal = Proposal(number, self._point(number, after), after)
        self._open.append(proposal)
        self._search.write_under_way(self._open)  # before anybody begins
        return proposal

    def give_back(self, proposal: Proposal) -> None:
        """It did not end: it is made again, before any new one."""
        self._again.append(proposal)
        self._again.sort(key=attrgetter("number"))

    def end(self, proposal: Proposal, outcome: Mapping[str, Any]) -> None:
        """Put it on record."""
        row = {**proposal.row(), **outcome}
        self._search.append(row)
        self._record.append(row)
        self._open.remove(proposal)
        self._search.write_under_way(self._open)
        self._tell(row)

    def _replay(self) -> None:
        outcomes_told = 0
        proposals = sorted([*map(Proposal.of, self._record), *self._open], key=attrgetter("number"))
        for number, proposal in enumerate(proposals, 1):
            if proposal.number != number:
                raise RunError(f"{self._search.record}: attempt {number} is neither there nor under way")
            for row in self._record[outcomes_told : proposal.after]:
                self._tell(row)
            outcomes_told = proposal.after
            if self._by_itself(number, outcomes_told):
                self._optimiser.ask()
        for row in self._record[outcomes_told:]:
            self._tell(row)

    def _point(self, number: int, after: int) -> dict[str, float]:
        if self._by_itself(number, after):
            asked_point = self._optimiser.ask()
        else:
            liar = self._search.optimiser(np.random.RandomState([self._search.description()["seed"], number]))
            losses = [-row["accuracy"] for row in self._record]
            points = [point(row) for row in self._record] + [point(p.point) for p in self._open]
            liar.tell(points, losses + [float(np.mean(losses))] * len(self._open))
            asked_point = liar.ask()
        return dict(zip(NAMES, map(float, asked_point), strict=True))

    def _by_itself(self, number: int, after: int) -> bool:
        """Whether a point is the optimiser's own: drawn at random, or asked for with nothing under way."""
        return after < INITIAL or after == number - 1

    def _tell(self, row: Mapping[str, Any]) -> None:
        self._optimiser.tell(point(row), -row["accuracy"])

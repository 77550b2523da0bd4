"""Which worker gets which batch, until every file has one answer: the first that comes.

Nothing here knows of Dask or of time but through its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Generic, TypeVar

from edgect.batch.cluster.backlog import Backlog
from edgect.batch.cluster.batch import GIVEN_UP, Batch
from edgect.batch.cluster.events import Cluster, Done, Event, Failed, Greeted, Present
from edgect.batch.cluster.member import PATIENCE, Member
from edgect.batch.cluster.worker import Answered, FileAnswer, Item
from edgect.errors import ClusterError

WAITING = 50_000  # rows that may wait for the one before them: what a run's memory is bounded by
WITHOUT = 300.0  # seconds without any worker
SAID = 5.0  # seconds without any, after which it is said
REFUSED = 10.0  # seconds in which all workers that there are were refused, and none was ever good
AT_ONCE = 200  # files handed over before workers are looked after again

K = TypeVar("K")


class Dispatch(Generic[K]):
    """files: how many items there are. keep: what of an answer waits for its turn; called once for each item.
    say: is told in a line what a user should know.

    patience, without: seconds; see `PATIENCE` and `WITHOUT`.
    """

    def __init__(
        self,
        cluster: Cluster,
        items: Iterable[Item],
        files: int,
        keep: Callable[[FileAnswer], K],
        say: Callable[[str], object],
        patience: float = PATIENCE,
        without: float = WITHOUT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._cluster, self._keep, self._say = cluster, keep, say
        self._patience, self._without, self._clock = patience, without, clock
        self._members: dict[str, Member] = {}
        self._sent: dict[int, tuple[Member, Batch]] = {}
        self._backlog = Backlog(items, files)
        self._known: dict[int, tuple[K, int]] = {}  # and its rows
        self._rows = 0  # in _known
        self._next = self._numbers = 0
        self._deserted = clock()
        self._ever = self._any_unlike = self._waits = False
        self.answering: set[str] = set()
        """Workers that gave answers."""
        self.ended = self.repeated = 0
        """Workers that ended before the run; batches that were sent again."""

    def answers(self) -> Iterator[K]:
        """What is kept of the answer on each item, in their order.

        Raises ClusterError: no scheduler, or no worker left.
        """
        while True:
            self._hand_out()
            for _ in range(AT_ONCE):
                if self._next not in self._known:
                    break
                kept, rows = self._known.pop(self._next)
                self._rows -= rows
                self._next += 1
                yield kept
            if self._next == self._backlog.taken and not self._backlog.left:
                return
            wait = 0.0 if self._next in self._known else 0.5
            while (event := self._cluster.event(wait)) is not None:
                self._hear(event)
                wait = 0.0
            self._look_after()

    def _hear(self, event: Event) -> None:
        match event:
            case Present():
                self._present(event)
            case Greeted():
                self._greeted(event)
            case Done() | Failed() if event.number in self._sent:
                member, batch = self._sent.pop(event.number)
                del member.in_hand[event.number]
                member.stalled, member.heard = False, self._clock()
                if isinstance(event, Failed):
                    self._failed(batch, event.reason)
                elif event.answered.refused:  # another process at the same address
                    self._refuse(member, event.answered.refused)
                    self._once_more(batch)
                else:
                    member.took(len(batch.items), event.answered.seconds)
                    self._done(member, batch, event.answered)

    def _present(self, event: Present) -> None:
        now = self._clock()
        for name in self._members.keys() - event.threads.keys():
            self._lost(self._members.pop(name))
        for name, threads in event.threads.items():
            if name not in self._members:
                self._members[name] = Member(name, threads, now)
                self._cluster.greet(name)

    def _greeted(self, event: Greeted) -> None:
        if (member := self._members.get(event.worker)) is None:
            return
        if event.refused:
            self._refuse(member, event.refused)
            return
        member.ready, member.round_trip, self._ever = True, event.round_trip, True
        if not event.alike and not self._any_unlike:
            self._any_unlike = True
            self._say(
                f"worker {member.name} rounds otherwise than this machine, as another processor may: "
                "its probabilities may differ in their last digits"
            )

    def _refuse(self, member: Member, reasons: Iterable[str]) -> None:
        member.ready, member.refused = False, True
        self._say(f"worker {member.name} is refused: {'; '.join(reasons)}")

    def _lost(self, member: Member) -> None:
        """Those that it had begun with may be why it ended; those behind them are not."""
        self.ended += bool(member.in_hand)
        for place, (number, batch) in enumerate(member.in_hand.items()):
            del self._sent[number]
            self._cluster.forget(number)
            if place < member.threads:
                self._failed(batch, "the worker that read it ended")
            else:
                self._once_more(batch)

    def _failed(self, batch: Batch, reason: str) -> None:
        if batch.done:
            return
        batch.ended, batch.reason = batch.ended + 1, reason
        if batch.ended >= GIVEN_UP:
            said = f"given up after {batch.ended} workers, the last ones with nothing but this file: {reason}"
            self._learn(batch, [said] * len(batch.items))
        else:
            self._once_more(batch)

    def _once_more(self, batch: Batch) -> None:
        """Unless another worker is at it, and is not known to have stopped."""
        at_it = any(had is batch and not member.stalled for member, had in self._sent.values())
        if batch.done or at_it or batch in self._backlog:
            return
        self.repeated += 1
        if batch.suspect and len(batch.items) > 1:
            self._backlog.take_apart(batch)
        else:
            self._backlog.again(batch)

    def _done(self, member: Member, batch: Batch, answered: Answered) -> None:
        if not batch.done:
            self.answering.add(member.name)
            self._learn(batch, answered.files)

    def _learn(self, batch: Batch, files: list[FileAnswer]) -> None:
        batch.done = True
        self._backlog.remove(batch)
        for number, found in enumerate(files, batch.first):
            rows = len(found) if isinstance(found, list) else 1
            self._known[number] = (self._keep(found), rows)
            self._rows += rows

    def _look_after(self) -> None:
        now = self._clock()
        for member in self._members.values():
            if member.overdue(now, self._patience):
                member.stalled = True
                for batch in member.in_hand.values():
                    batch.copies += 1
                    self._once_more(batch)
        if any(member.ready for member in self._members.values()):
            self._deserted, self._waits = now, False
        elif now - self._deserted > SAID and not self._waits:
            self._waits = True
            self._say(f"no worker is ready; waiting for one, up to {self._without:g} seconds")
        refused = bool(self._members) and all(member.refused for member in self._members.values())
        if now - self._deserted > (
            min(REFUSED, self._without) if refused and not self._ever else self._without
        ):
            raise ClusterError(
                f"no worker gives the answers that this machine gives ({len(self._members)} refused)"
                if refused
                else f"no worker for {self._without:g} seconds"
            )

    def _hand_out(self) -> None:
        free = [one for one in self._members.values() if one.ready and not one.stalled]
        threads = sum(member.threads for member in free)
        reserved, full = self._quarantine(free), self._rows >= WAITING
        for member in free:
            while member.name not in reserved and len(member.in_hand) < member.depth:
                if (batch := self._backlog.next(member, threads, full)) is None:
                    break
                self._send(member, batch)

    def _quarantine(self, free: list[Member]) -> set[str]:
        """A file that may end a worker goes to one that has nothing else. Returns who gets nothing more."""
        reserved = {member.name for member in free if member.quarantined}
        room = max(1, len(free) // 4) - len(reserved)
        for member in sorted(free, key=lambda one: len(one.in_hand)):
            suspect = self._backlog.suspect()
            if suspect is None or room <= 0:
                break
            if member.name in reserved:
                continue
            room -= 1
            reserved.add(member.name)
            if not member.in_hand:
                self._backlog.remove(suspect)
                self._send(member, suspect)
        return reserved

    def _send(self, member: Member, batch: Batch) -> None:
        self._numbers += 1
        if not member.in_hand:
            member.heard = self._clock()
        member.in_hand[self._numbers] = batch
        self._sent[self._numbers] = (member, batch)
        self._cluster.send(self._numbers, member.name, batch.items)

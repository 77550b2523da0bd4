"""A dispatcher with a cluster that has its events written down, moment by moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgect.batch.cluster.dispatch import Dispatcher
from edgect.batch.cluster.events import BatchDone, BatchFailed, Event, WorkerChecked, WorkersPresent
from edgect.batch.cluster.worker import BatchResult, FileResult, Item

Events = dict[float, Sequence[Event]]


class _Over(Exception):
    """The last event was handled."""


@dataclass
class Script:
    """events: of each moment, in seconds. sent: worker and first file of each batch, from number 1 on."""

    events: Events
    now: float = 0.0
    sent: list[tuple[str, int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._moments = iter(self.events.items())
        self._left: list[Event] | None = None

    def clock(self) -> float:
        return self.now

    def check_worker(self, worker: str) -> None:
        self.checked.append(worker)

    def send(self, number: int, worker: str, items: Sequence[Item]) -> None:
        self.sent.append((worker, int(items[0][0])))
        self.sizes.append(len(items))
        assert number == len(self.sent)

    def forget(self, number: int) -> None:
        self.forgotten.append(number)

    def event(self, seconds: float) -> Event | None:
        if self._left is None:
            moment = next(self._moments, None)
            if moment is None:
                raise _Over
            self.now, self._left = moment[0], list(moment[1])
        else:
            assert seconds == 0  # waiting for more would keep the results that there are
        if self._left:
            return self._left.pop(0)
        self._left = None
        return None


class Run:
    """Dispatcher and script until the last event, or the last result."""

    def __init__(self, files: int, events: Events) -> None:
        self.script, self.notices = Script(events), list[str]()
        self.stored, self.results = list[FileResult](), list[FileResult]()
        items = ((str(number), ()) for number in range(files))
        self.dispatcher = Dispatcher(
            self.script, items, files, self._store, self.notices.append, clock=self.script.clock
        )
        self.whole = False
        try:
            self.results.extend(self.dispatcher.results())
            self.whole = True
        except _Over:
            pass

    def _store(self, result: FileResult) -> FileResult:
        self.stored.append(result)
        return result


def ready(*workers: str) -> list[Event]:
    """So many workers, with a thread each, that are there and good."""
    return [WorkersPresent(dict.fromkeys(workers, 1)), *(WorkerChecked(worker) for worker in workers)]


def done(number: int, first: int, files: int = 1, rows: int = 1) -> BatchDone:
    names = range(first, first + files)
    return BatchDone(number, BatchResult([[((str(name),), ())] * rows for name in names], 0.25 * files))


def failed(number: int) -> BatchFailed:
    return BatchFailed(number, "MemoryError")


def answer(file: int) -> FileResult:
    return [((str(file),), ())]

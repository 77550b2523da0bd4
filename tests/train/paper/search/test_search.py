from __future__ import annotations

import json
import signal
import subprocess
import time
from math import log10
from pathlib import Path

import pytest

from tests import in_process
from tests.search_command import SMALL, command
from train.commands import main
from train.paper.search.proposals import Proposals
from train.paper.search.record import INITIAL, NAMES, SPACE, Proposal, Search
from train.paper.search.search import search
from train.run import RunError


def ended(data: Path, out: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    return in_process.run(main, *command(data, out, *extra)[3:])


def points(record: Search) -> list[list[float]]:
    return [[attempt[name] for name in NAMES] for attempt in record.attempts()]


def worth(proposal: Proposal) -> dict[str, float]:
    return {"accuracy": 0.9 - 0.1 * (2 + log10(proposal.point["learning_rate"])) ** 2}


def invented(folder: Path, count: int) -> Search:
    """A search whose accuracy depends on the learning rate alone and is best at 0.01."""
    record = Search(folder)
    folder.mkdir(exist_ok=True)
    (folder / "search.json").write_text(json.dumps({"seed": 0}))
    proposals = Proposals(record, count)
    while (proposal := proposals.next()) is not None:
        proposals.end(proposal, worth(proposal))
    return record


def test_every_attempt_is_on_record_within_the_tables_ranges(whole: Search) -> None:
    assert [attempt["attempt"] for attempt in whole.attempts()] == [1, 2, 3]
    for point in points(whole):
        for value, dimension in zip(point, SPACE, strict=True):
            assert dimension.low <= value <= dimension.high
    assert all(0 <= attempt["accuracy"] <= 1 for attempt in whole.attempts())
    assert whole.best()["accuracy"] == max(attempt["accuracy"] for attempt in whole.attempts())
    assert not list(whole.path.glob("attempt-*"))


def test_the_best_accuracy_has_an_interval_by_patient(whole: Search) -> None:
    best, interval = whole.best(), whole.interval()
    assert interval is not None
    assert interval[0] <= best["accuracy"] <= interval[1]
    assert len(best["probabilities"]) == len(whole.description()["patients"]) == 50


@pytest.mark.slow
def test_killed_in_the_second_attempt_and_resumed_makes_the_same_three(
    whole: Search, covid_ct: Path, tmp_path: Path
) -> None:
    killed = Search(tmp_path / "killed")
    process = subprocess.Popen(command(covid_ct, killed.path), stderr=subprocess.DEVNULL)
    while not (killed.path / "attempt-2").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(killed.attempts()) == 1
    subprocess.run(command(covid_ct, killed.path), check=True, capture_output=True)
    assert [attempt["attempt"] for attempt in killed.attempts()] == [1, 2, 3]
    assert points(killed) == points(whole)
    assert [a["curve"] for a in killed.attempts()] == [a["curve"] for a in whole.attempts()]


def test_a_finished_search_makes_no_attempt_more(whole: Search, covid_ct: Path) -> None:
    before = whole.record.read_text()
    done = ended(covid_ct, whole.path)
    assert done.returncode == 0
    assert whole.record.read_text() == before
    assert json.loads(done.stdout)["attempt"] == whole.best()["attempt"]


def test_a_line_cut_short_is_not_an_attempt(whole: Search, tmp_path: Path) -> None:
    record = Search(tmp_path)
    record.record.write_text(whole.record.read_text() + '{"attempt": 4, "learn')
    assert len(record.attempts()) == 3


def test_other_settings_are_refused(whole: Search, covid_ct: Path) -> None:
    done = ended(covid_ct, whole.path, "--batch-size", "16")
    assert done.returncode == 2
    assert "batch_size 32, not 16" in done.stderr


def test_an_image_size_that_does_not_fit_is_a_clear_error(covid_ct: Path, tmp_path: Path) -> None:
    done = ended(covid_ct, tmp_path / "s", "--image-size", "100")
    assert done.returncode == 2
    assert done.stderr.endswith("image size 100 does not fit the network; 67, 83, 99, ... 227 do\n")


def test_transfer_learning_needs_weights(covid_ct: Path, tmp_path: Path) -> None:
    done = ended(covid_ct, tmp_path / "s", "--experiment", "3")
    assert done.returncode == 2
    assert "--pretrained is needed" in done.stderr


def test_an_attempt_that_diverges_is_worth_chance(
    covid_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from skopt.space import Real

    hopeless = [Real(1e30, 1e31, prior="log-uniform", name="learning_rate"), *SPACE[1:]]
    monkeypatch.setattr("train.paper.search.record.SPACE", hopeless)
    best = search(Search(tmp_path / "s"), "4", covid_ct, SMALL, attempts=1)
    assert best["diverged"]
    assert best["accuracy"] == 0.5


def test_the_surrogate_finds_where_accuracy_is_best(tmp_path: Path) -> None:
    record = invented(tmp_path, INITIAL + 8)
    assert abs(log10(record.best()["learning_rate"]) + 2) < 0.3
    assert record.estimated() == pytest.approx(0.9, abs=0.02)


def test_a_replayed_search_asks_for_the_same_next_point(tmp_path: Path) -> None:
    longer, shorter = invented(tmp_path / "a", INITIAL + 3), invented(tmp_path / "b", INITIAL + 2)
    assert points(longer)[:-1] == points(shorter)
    proposal = Proposals(shorter, INITIAL + 3).next()
    assert proposal is not None
    assert list(proposal.point.values()) == points(longer)[-1]


def test_no_estimate_before_there_is_a_surrogate(tmp_path: Path) -> None:
    assert invented(tmp_path, INITIAL - 1).estimated() is None


def test_a_folder_that_is_no_search(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"search\.json"):
        Search(tmp_path).description()

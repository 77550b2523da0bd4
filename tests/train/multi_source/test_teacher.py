from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.small_runs import recipe
from train.multi_source.crops import Crops
from train.multi_source.fit import fit
from train.multi_source.run import MultiSourceRun
from train.multi_source.samples import Samples
from train.multi_source.teacher import Member, Teacher
from train.networks import predict
from train.run import RunError

STEPS = 3


@pytest.fixture
def member(finished: MultiSourceRun) -> Member:
    return Member.read(str(finished.path))


def test_a_teacher_answers_the_samples_that_the_student_is_shown(
    finished: MultiSourceRun, member: Member, crops: Crops, tmp_path: Path
) -> None:
    samples = Samples(crops, recipe(seed=4))
    teacher = Teacher.ask([member, member], samples, STEPS, tmp_path / "answers.npz")
    for step in range(STEPS):
        expected = predict.probabilities(predict.logits(finished.network(), samples.batch(step).images))
        np.testing.assert_allclose(teacher.probabilities(step).numpy(), expected, atol=1e-5)


def test_what_was_answered_is_not_asked_again(
    member: Member, crops: Crops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, file = Samples(crops, recipe()), tmp_path / "answers.npz"
    first = Teacher.ask([member], samples, STEPS, file)
    with monkeypatch.context() as patch:
        patch.setattr(Samples, "batch", None)
        again = Teacher.ask([member], samples, STEPS, file)
    np.testing.assert_array_equal(first.log_odds, again.log_odds)
    with pytest.raises(RunError, match="answers of another teacher"):
        Teacher.ask([member, member], samples, STEPS, file)


def test_a_student_learns_from_its_teacher_and_says_who_it_was(
    finished: MultiSourceRun, member: Member, three: Path, cache: Path, tmp_path: Path
) -> None:
    runs = [MultiSourceRun(tmp_path / name) for name in ("alone", "taught")]
    fit(recipe(seed=4, steps=STEPS), three, runs[0], None, cache=cache)
    taught = recipe(seed=4, steps=STEPS, teacher=1.0, teachers=(member.name,))
    fit(taught, three, runs[1], None, cache=cache, members=[member])
    assert runs[1].recipe() == taught
    assert finished.path.name in runs[1].recipe().teachers[0]
    weights = [run.network().classifier.weight for run in runs]
    assert not torch.equal(*weights)


def test_a_member_may_be_an_average_along_the_way_of_another_size(
    three: Path, cache: Path, crops: Crops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.multi_source.fit.ROUND", 2)
    run = MultiSourceRun(tmp_path / "run")
    fit(recipe(steps=4), three, run, None, cache=cache, keep_every=2)
    assert run.snapshots() == [2, 4]
    halfway, end = Member.read(f"{run.path}:2"), Member.read(f"{run.path}:4")
    assert halfway.name.startswith("run:2 ")
    larger = np.stack([np.kron(image, np.ones((2, 2), np.uint8)) for image in crops.images[:2]])
    assert halfway.log_odds(larger).shape == (2,)
    np.testing.assert_array_equal(
        end.log_odds(crops.images[:2]), Member.read(str(run.path)).log_odds(crops.images[:2])
    )
    assert not np.array_equal(halfway.log_odds(crops.images[:2]), end.log_odds(crops.images[:2]))


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=f"{tmp_path}: is no run of"):
        Member.read(str(tmp_path))


def test_of_blanked_lungs_nothing_is_learned_from_a_teacher(
    member: Member, three: Path, cache: Path, tmp_path: Path
) -> None:
    runs = [MultiSourceRun(tmp_path / str(weight)) for weight in (0.0, 1.0)]
    for run, weight in zip(runs, (0.0, 1.0), strict=True):
        taught = recipe(steps=2, blanked=1.0, teacher=weight, teachers=(member.name,))
        fit(taught, three, run, None, cache=cache, members=[member])
    assert torch.equal(*(run.network().classifier.weight for run in runs))

from __future__ import annotations

import json
import shutil
from pathlib import Path

from deploy import trained_runs
from train.run import Run, file_sha256


def test_a_run_that_names_the_lists_of_another_has_their_hash_and_slices(run: Run, tmp_path: Path) -> None:
    whole, same = (Path(shutil.copytree(run.path, tmp_path / name)) for name in ("whole", "same"))
    reference = {"same_as": "../whole/split.json", "sha256": file_sha256(whole / "split.json")}
    (same / "split.json").write_text(json.dumps(reference))
    of_whole, of_same = trained_runs.load(whole), trained_runs.load(same)
    assert of_same.training == of_whole.training
    assert of_same.parts(tmp_path, "val") == of_whole.parts(tmp_path, "val")

"""What `deploy` has not finished, or refuses, is loaded by nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy import stages
from deploy.__main__ import main
from deploy.verification import engine_parity
from edgect import Classifier
from edgect.diagnostics.doctor.bundles import check_bundles
from edgect.errors import ModelError
from tests.deploy.conftest import SMALL
from train.run import Run


def test_it_is_refused_by_what_its_manifest_says(
    run: Run, covid_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also under the name of a finished bundle: that the folder is called OUT.part is no protection."""
    unfinished: list[str] = []

    def compare(bundle: object, *_: object) -> dict[str, dict[str, float]]:
        (tmp_path / "renamed").symlink_to(tmp_path / "out.part")
        with pytest.raises(ModelError) as refused:
            Classifier(tmp_path / "renamed")
        unfinished.append(str(refused.value))
        row = {
            "slices": 118,
            "agreement": 0.5,
            "max_probability_difference": 0.01,
            "accuracy_difference": 0.0,
        }
        return {"openvino": row, "onnxruntime": row}

    monkeypatch.setattr(stages.engine_parity, "compare_on_processors", compare)
    line = ["export", run.path, "--data", covid_ct, "--out", tmp_path / "out", *SMALL]
    done = CliRunner().invoke(main, list(map(str, line)))
    assert isinstance(done.exception, engine_parity.VerificationError)
    assert len(unfinished) == 1
    assert "the bundle is unfinished" in unfinished[0]
    assert not (tmp_path / "out").exists()
    with pytest.raises(ModelError, match="was refused when it was made: openvino: 59 of 118 labels agree"):
        Classifier(tmp_path / "renamed")
    findings = {finding.name: finding for finding, _ in check_bundles([str(tmp_path / "renamed")])}
    assert findings[str(tmp_path / "renamed")].verdict == "fault"

"""An existing bundle described anew: what is fitted to its models, not the models themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy import stages, trained_runs
from deploy.description import manifest
from deploy.reliability import fit, out_of_distribution
from edgect.errors import ModelError
from edgect.model.bundles.manifest import MANIFEST
from edgect.model.bundles.signature import SIGNATURE
from train.run import Run, RunError, file_sha256, read_json

BROUGHT_IN = ("data", "about", "last_layer")  # of what is known of the training


def redescribe(bundle: Path, run: Run, data: Path, read_test: bool) -> None:
    """Fit gate, operating points and band anew, take golden answers, and bring in the run's evidence.

    The models, and what was measured of INT8 against FP32, stay as they are. read_test: read the test
    parts too, and write the reading down. The bundle is replaced once all is done. Raises ModelError for
    a damaged bundle, RunError where it was not made of this run, DataError where `data` lacks its slices.
    """
    description = read_json(bundle / MANIFEST)
    damaged = [name for name, digest in description["files"].items() if file_sha256(bundle / name) != digest]
    if damaged:
        raise ModelError(f"{bundle}: {', '.join(damaged)} damaged or changed")
    if description["training"]["weights_sha256"] != file_sha256(run.weights):
        raise RunError(f"{bundle}: was not made of {run.path}")
    trained_run = trained_runs.load(run.path)
    description["licence"] = trained_run.licence
    description["training"] |= {
        name: trained_run.training[name] for name in BROUGHT_IN if name in trained_run.training
    }
    if trained_run.evidence:
        description["evidence"] = trained_run.evidence
    part = bundle.with_name(bundle.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(bundle, part, ignore=shutil.ignore_patterns(SIGNATURE))
    description |= fit.unfitted(description["threshold"], manifest.LABELS)
    out_of_distribution.write(part, out_of_distribution.accept_all())
    manifest.write(part, description, trained_run)
    stages.fit_reliability(trained_run, part, data, description)
    if read_test:
        stages.evaluate_test_parts(trained_run, part, data, description)
    manifest.write_golden(part, description, trained_run)
    shutil.rmtree(bundle)
    part.rename(bundle)

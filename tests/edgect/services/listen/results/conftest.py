from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from edgect.pipeline import Pipeline
from tests.edgect.services.listen.listen_process import image, save, series
from tests.edgect.services.listen.results.made import made


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return Pipeline(backend="onnxruntime", threads=1, include_identifiers=True)


@pytest.fixture(scope="session")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six slices that get answers, 5 mm apart, and a localizer, which gets none."""
    folder = tmp_path_factory.mktemp("sent")
    series(folder, 6)
    save(folder / "localizer.dcm", image(9, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))
    return folder


@pytest.fixture(scope="session")
def everything(pipeline: Pipeline, sent: Path) -> dict[str, Dataset]:
    """All that can be made of them."""
    return made(pipeline, sent)

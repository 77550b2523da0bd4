"""A registry by the commands that users run: which bundle is in use, and which was before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from edgect.errors import ModelError
from edgect.model.bundles.bundle import Bundle


def edgect(*arguments: object, exit_code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["bundle", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    return done


def entry(name: str) -> str:
    return f"{name}-{Bundle.load(name).digest[:12]}"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    for name in ("cnn1", "cnn2"):
        edgect("add", tmp_path / "registry", name)
    return tmp_path / "registry"


def test_a_registry_is_a_model_once_a_bundle_is_in_use(registry: Path) -> None:
    with pytest.raises(ModelError, match="no bundle is in use"):
        Bundle.load(registry)
    edgect("use", registry, "cnn1")
    bundle = Bundle.load(registry)
    assert (bundle.digest, bundle.state) == (Bundle.load("cnn1").digest, "released")
    assert bundle.path == registry / entry("cnn1")


def test_use_and_rollback_go_to_and_fro(registry: Path) -> None:
    for name in ("cnn1", "cnn2", "cnn1"):
        edgect("use", registry, entry(name))
    for name in ("cnn2", "cnn1"):
        edgect("rollback", registry)
        assert Bundle.load(registry).name == name
    assert "no bundle was in use before" in edgect("rollback", registry, exit_code=2).stderr
    assert Bundle.load(registry).name == "cnn1"


def test_the_list_marks_what_is_in_use_and_what_cannot_be(registry: Path) -> None:
    edgect("use", registry, "cnn2")
    (registry / entry("cnn1") / "gate.npz").write_bytes(b"another")
    first, second = edgect("list", registry).stdout.splitlines()
    assert first.startswith(f"  {entry('cnn1')}  unusable: ")
    assert "altered" in first
    assert second == f"* {entry('cnn2')}  released"


def test_what_is_altered_is_not_put_into_use(registry: Path) -> None:
    edgect("use", registry, "cnn2")
    (registry / entry("cnn1") / "gate.npz").write_bytes(b"another")
    assert "altered" in edgect("use", registry, "cnn1", exit_code=3).stderr
    assert Bundle.load(registry).name == "cnn2"


def test_a_signature_may_be_required_of_what_is_put_into_use(registry: Path, tmp_path: Path) -> None:
    from edgect.model.bundles.derived import write_derived

    own = write_derived(
        Bundle.load("cnn1"), tmp_path / "own", name="own", document_changes={}, head=None
    ).path
    edgect("add", registry, own, "--require-signature", exit_code=3)
    edgect("add", registry, own)
    edgect("use", registry, "own", "--require-signature", exit_code=3)
    edgect("key", tmp_path / "a.key")
    edgect("sign", own, "--key", tmp_path / "a.key")
    edgect("add", registry, own)  # which brings the signature
    edgect("use", registry, "own", "--require-signature", "--trusted-keys", tmp_path / "a.key.pub")
    assert Bundle.load(registry).state == "unknown key"
    assert Bundle.load(registry, trusted_keys=tmp_path / "a.key.pub").state == "signed"


def test_names_must_be_clear(registry: Path) -> None:
    assert "several bundles cnn" in edgect("use", registry, "cnn", exit_code=2).stderr
    assert "no bundle lungs" in edgect("use", registry, "lungs", exit_code=2).stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "is no registry" in edgect("add", tmp_path, "cnn1", exit_code=2).stderr
    assert "is no registry" in edgect("list", tmp_path, exit_code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema": 2, "used": []}',
        '{"schema": 1, "used": ["../own"]}',
        '{"schema": 1, "used": [""]}',
    ],
)
def test_a_damaged_registry_is_named(registry: Path, content: str) -> None:
    (registry / "registry.json").write_text(content)
    with pytest.raises(ModelError, match=r"registry\.json: is no registry"):
        Bundle.load(registry)


def test_nothing_half_copied_is_left(registry: Path) -> None:
    names = {path.name for path in registry.iterdir()}
    assert names == {"registry.json", entry("cnn1"), entry("cnn2")}
    assert json.loads((registry / "registry.json").read_bytes()) == {"schema": 1, "used": []}

"""Bundles derived from the bundled ones, by the engines' answers to example scans."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgect.diagnostics.doctor.self_test import check_engine
from edgect.errors import EngineError, ModelError, UsageError
from edgect.machine import atomic
from edgect.model import backends
from edgect.model.backends import BACKENDS, PRECISIONS, Outputs
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import BUNDLED, Bundle, bundled_names
from edgect.model.bundles.derived import write_derived
from edgect.model.bundles.head import Head, read_head
from edgect.model.conformance import golden
from edgect.model.preprocess.steps import Preprocess
from edgect.scans import read_slice

EXAMPLES = sorted((Path(__file__).parents[4] / "examples/scans").iterdir())[::3]
MODELS = ("fp32.onnx", "int8.onnx", "int8.xml", "int8.bin")
MIXING = np.array([2, -0.5], np.float32)
TEMPERATURE = 1.7


class Derived(NamedTuple):
    """head: its second row is `MIXING` of the parent's rows, so that the parent's heat maps tell its own."""

    parent: Bundle
    bundle: Bundle
    head: Head


def random_head() -> Head:
    random = np.random.default_rng(0)
    return Head(
        random.normal(0, 0.1, (2, 128)).astype(np.float32), random.normal(0, 0.5, 2).astype(np.float32)
    )


@pytest.fixture(scope="module", params=["cnn1", "lungs"])  # cnn2 is cnn1 with other weights
def derived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Derived:
    parent, head = Bundle.load(request.param), random_head()
    head.weight[1] = MIXING @ read_head(parent).weight
    folder = tmp_path_factory.mktemp("derived") / "hospital"
    changes = {"temperature": TEMPERATURE}
    bundle = write_derived(parent, folder, name="hospital", document_changes=changes, head=head)
    return Derived(parent, bundle, head)


def answers(bundle: Bundle, backend: str, precision: str) -> Iterator[Outputs]:
    session = backends.load(backend, bundle, precision, threads=1)
    prepare = Preprocess(bundle.manifest.input.steps)
    assert len(EXAMPLES) > 2
    for path in EXAMPLES:
        yield session.infer(prepare(read_slice(path))[0][np.newaxis])


def without_golden(manifest: dict[str, Any]) -> None:
    del manifest["golden"]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_are_the_new_heads_of_the_same_embedding(
    derived: Derived, backend: str, precision: str
) -> None:
    weight, bias = derived.head.weight, derived.head.bias
    pairs = zip(*(answers(b, backend, precision) for b in derived[:2]), strict=True)
    for (old_logits, old_cam, embedding), new in pairs:
        np.testing.assert_array_equal(new.embedding, embedding)
        np.testing.assert_allclose(new.logits, embedding @ weight.T + bias, atol=1e-3)
        np.testing.assert_allclose(new.logits, new.cam.mean((2, 3)) + bias, atol=1e-3)
        mixed = np.einsum("l,nlhw->nhw", MIXING, old_cam)
        np.testing.assert_allclose(new.cam[:, 1], mixed, atol=1e-4 * np.abs(mixed).max())
        assert np.abs(new.logits - old_logits).max() > 0.1


def test_engines_agree_on_the_new_head(derived: Derived) -> None:
    for one, other in zip(*(answers(derived.bundle, name, "fp32") for name in BACKENDS), strict=True):
        for output, expected in zip(one, other, strict=True):
            np.testing.assert_allclose(output, expected, atol=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_self_test_passes_on_it_and_not_on_its_parents_answers(derived: Derived, backend: str) -> None:
    findings = list(check_engine(backend, str(derived.bundle.path)))
    assert [finding.verdict for finding in findings] == ["ok", "ok"], findings
    for precision in PRECISIONS:
        session = backends.load(backend, derived.parent, precision, threads=1)
        summary = golden.answer(derived.parent, session)
        differing = golden.differences(derived.bundle, backend, precision, summary)
        assert [difference.split()[0] for difference in differing] == ["log_odds", "cam"]


def test_it_says_what_it_was_derived_from(derived: Derived) -> None:
    parent, bundle, _ = derived
    document = bundle.manifest.document
    assert bundle.name == "hospital"
    assert document["parent"] == {
        "name": parent.name,
        "digest": parent.digest,
        "version": parent.manifest.version,
    }
    assert document["golden"]["processors"] == list(BACKENDS)
    assert document["temperature"] == TEMPERATURE
    own = {"name", "parent", "golden", "temperature", "files", "state", "seal"}
    kept = {key: value for key, value in document.items() if key not in own}
    assert kept == {key: value for key, value in parent.manifest.document.items() if key not in own}
    changed = {name for name in bundle.manifest.files if bundle.read(name) != parent.read(name)}
    assert changed == {"fp32.onnx", "int8.onnx", "int8.bin"}
    assert {path.name for path in bundle.path.iterdir()} == {"manifest.json", *parent.manifest.files}
    assert [path.name for path in bundle.path.parent.iterdir()] == ["hospital"]


def test_classify_answers_with_it(derived: Derived, classify: Any) -> None:
    scan = EXAMPLES[0]
    done = classify(scan, "--model", derived.bundle.path, "--format", "jsonl")
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert derived.bundle.name in row["model"]


def test_another_temperature_leaves_models_and_scales_log_odds(bundle: Bundle, tmp_path: Path) -> None:
    temperature = 2 * bundle.manifest.temperature
    new = write_derived(
        bundle,
        tmp_path / "calibrated",
        name="calibrated",
        document_changes={"temperature": temperature, "metrics": None},
        head=None,
        replaced={"MODEL_CARD.md": b"# A card\n"},
    )
    assert all(new.read(name) == bundle.read(name) for name in MODELS)
    assert new.read("MODEL_CARD.md") == b"# A card\n"
    assert "metrics" in bundle.manifest.document
    assert "metrics" not in new.manifest.document
    old_golden, new_golden = bundle.manifest.document["golden"], new.manifest.document["golden"]
    for key in ("processors", "instruction_sets", "pixels"):
        assert new_golden[key] == old_golden[key]
    for engine, answer in old_golden["answers"].items():
        assert new_golden["answers"][engine]["log_odds"] == pytest.approx([answer["log_odds"][0] / 2])
        limits = old_golden["tolerance"][engine]
        assert new_golden["tolerance"][engine]["log_odds"] == pytest.approx(limits["log_odds"] / 2, rel=0.01)
        for output in ("cam", "embedding"):
            assert new_golden["answers"][engine][output] == answer[output]
            assert new_golden["tolerance"][engine][output] == limits[output]


def test_nothing_changed_keeps_golden_answers_and_every_file(bundle: Bundle, tmp_path: Path) -> None:
    for name, head in (("plain", None), ("own", read_head(bundle))):
        new = write_derived(bundle, tmp_path / name, name=name, document_changes={}, head=head)
        assert new.manifest.files == bundle.manifest.files
        assert new.manifest.golden is not None
        assert bundle.manifest.golden is not None
        limits = bundle.manifest.golden.tolerance
        for engine, tolerance in new.manifest.golden.tolerance.items():
            assert tolerance == pytest.approx(limits[engine], rel=0.01)


def test_tolerances_grow_with_the_head(bundle: Bundle, tmp_path: Path) -> None:
    old = read_head(bundle)
    head = Head(3 * old.weight, old.bias)
    new = write_derived(bundle, tmp_path / "large", name="large", document_changes={}, head=head)
    assert new.manifest.golden is not None
    assert bundle.manifest.golden is not None
    for engine, limits in bundle.manifest.golden.tolerance.items():
        tolerance = new.manifest.golden.tolerance[engine]
        assert tolerance["log_odds"] == pytest.approx(3 * limits["log_odds"], rel=0.01)
        assert tolerance["cam"] == pytest.approx(3 * limits["cam"], rel=0.01)
        assert tolerance["embedding"] == limits["embedding"]


@pytest.mark.parametrize(("name", "absent"), zip(["cnn1", "lungs"], BACKENDS, strict=True))
def test_where_an_engine_is_not_installed_the_others_answers_do_for_it(
    name: str, absent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (present,) = set(BACKENDS) - {absent}
    parent = Bundle.load(name)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, absent, None)
        own = read_head(parent)
        head = Head(2 * own.weight, own.bias)
        child = write_derived(parent, tmp_path / "a", name="a", document_changes={}, head=head)
        grandchild = write_derived(
            child, tmp_path / "b", name="b", document_changes={}, head=read_head(parent)
        )
    for bundle in (child, grandchild):
        assert bundle.manifest.document["golden"]["processors"] == [present]
        assert bundle.manifest.golden is not None
        assert set(bundle.manifest.golden.answers) == {f"{present} {precision}" for precision in PRECISIONS}
        for backend in BACKENDS:
            verdicts = {finding.verdict for finding in check_engine(backend, str(bundle.path))}
            assert verdicts == {"ok"}
    whole = write_derived(grandchild, tmp_path / "c", name="c", document_changes={}, head=random_head())
    assert whole.manifest.document["golden"]["processors"] == list(BACKENDS)


def test_without_any_engine_nothing_is_derived(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for backend in BACKENDS:
        monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(EngineError, match=r"no engine.*openvino or onnxruntime"):
        write_derived(bundle, tmp_path / "new", name="new", document_changes={}, head=random_head())
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_without_golden_answers_gets_none(
    bundle_copy: Path, edit_manifest: Any, tmp_path: Path
) -> None:
    parent = Bundle.load(edit_manifest(without_golden))
    new = write_derived(parent, tmp_path / "new", name="new", document_changes={}, head=random_head())
    assert new.manifest.golden is None


def test_a_network_that_does_not_use_the_constants_is_refused(
    bundle_copy: Path, bundle: Bundle, tmp_path: Path
) -> None:
    """Its constants agree with each other, but logits come from others."""
    model = onnx.ModelProto.FromString(bundle.read("fp32.onnx"))
    other = numpy_helper.from_array(read_head(bundle).weight, "other.weight")
    model.graph.initializer.append(other)
    (node,) = (node for node in model.graph.node if "logits" in node.output)
    node.input[1] = "other.weight"
    content = model.SerializeToString()
    (bundle_copy / "fp32.onnx").write_bytes(content)
    manifest = json.loads((bundle_copy / "manifest.json").read_text())
    manifest["files"]["fp32.onnx"] = hashlib.sha256(content).hexdigest()
    (bundle_copy / "manifest.json").write_text(seal.text_of(seal.finished(manifest)))
    parent = Bundle.load(bundle_copy)
    with pytest.raises(ModelError, match=r"fp32 gives logits.*cannot be replaced"):
        write_derived(parent, tmp_path / "new", name="new", document_changes={}, head=random_head())
    assert [path.name for path in tmp_path.iterdir()] == [bundle_copy.name]


def test_a_manifest_with_faults_leaves_nothing(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="temperature must be"):
        write_derived(bundle, tmp_path / "new", name="new", document_changes={"temperature": 0}, head=None)
    with pytest.raises(ModelError, match="name must be"):
        write_derived(bundle, tmp_path / "new", name="", document_changes={}, head=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["../outside", "sub/file", "manifest.json"])
def test_files_with_other_names_are_refused(bundle: Bundle, tmp_path: Path, file: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        write_derived(
            bundle, tmp_path / "new", name="new", document_changes={}, head=None, replaced={file: b""}
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("whole", [0, 4, 8, 9])
def test_an_interruption_leaves_the_old_bundle_or_none(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: int
) -> None:
    """After so many files; the manifest is the 9th, and again the 10th."""
    old = write_derived(bundle, tmp_path / "old", name="old", document_changes={}, head=None)
    write, written = atomic.write, []

    def interrupted(path: Path, content: bytes) -> None:
        if len(written) == whole:
            raise KeyboardInterrupt
        written.append(path.name)
        write(path, content)

    monkeypatch.setattr(atomic, "write", interrupted)
    for name in ("old", "new"):
        written.clear()
        with pytest.raises(KeyboardInterrupt):
            write_derived(bundle, tmp_path / name, name=name, document_changes={}, head=random_head())
        assert [path.name for path in tmp_path.iterdir()] == ["old"]
        assert Bundle.load(tmp_path / "old").digest == old.digest


def test_an_old_bundle_that_cannot_be_replaced_stays(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_derived(bundle, tmp_path / "old", name="old", document_changes={}, head=None)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise PermissionError("in use")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(PermissionError):
        write_derived(bundle, tmp_path / "old", name="new", document_changes={}, head=None)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert Bundle.load(tmp_path / "old").digest == old.digest


def test_an_old_bundle_is_replaced_and_anything_else_is_not(bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    first = write_derived(bundle, folder, name="first", document_changes={}, head=None)
    second = write_derived(bundle, folder, name="second", document_changes={}, head=random_head())
    assert (first.name, second.name, Bundle.load(folder).name) == ("first", "second", "second")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear colleague")
    for occupied in (tmp_path / "mine", tmp_path / "mine" / "letter.txt"):
        with pytest.raises(UsageError, match="is no bundle"):
            write_derived(bundle, occupied, name="third", document_changes={}, head=None)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "Dear colleague"
    with pytest.raises(UsageError, match="others are made of"):
        write_derived(second, folder, name="third", document_changes={}, head=None)


@pytest.mark.parametrize("name", [*bundled_names(), "new"])
def test_bundled_models_are_never_replaced(bundle: Bundle, name: str) -> None:
    with pytest.raises(UsageError, match="another folder"):
        write_derived(bundle, BUNDLED / name, name=name, document_changes={}, head=None)
    assert not (BUNDLED / "new").exists()

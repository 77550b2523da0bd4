"""Signed bundles: by whom, by an unknown key, by nobody, and altered."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgect.cli import main
from edgect.errors import ModelError, UsageError
from edgect.model.bundles import seal, signature
from edgect.model.bundles.bundle import Bundle
from edgect.model.bundles.derived import write_derived

needs_minisign = pytest.mark.skipif(not shutil.which("minisign"), reason="needs Debian's minisign")


def edgect(*arguments: object, text: str = "") -> Result:
    return CliRunner().invoke(main, ["bundle", *map(str, arguments)], text, catch_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "own"
    write_derived(Bundle.load("lungs"), folder, name="own", document_changes={}, head=None)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "own"))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert edgect("key", tmp_path / "hospital.key").exit_code == 0
    return tmp_path / "hospital.key"


@pytest.fixture
def public(key: Path) -> Path:
    return key.with_name("hospital.key.pub")


def test_a_secret_key_is_its_owners_alone_and_never_replaced(key: Path, public: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    done = edgect("key", key)
    assert done.exit_code == 2
    assert "a key is never replaced" in done.stderr
    assert key.read_bytes() == before


def test_the_four_states(own: Path, key: Path, public: Path, tmp_path: Path) -> None:
    assert Bundle.load(own, trusted_keys=public).standing == "unsigned"
    done = edgect("sign", own, "--key", key)
    key_id = done.stdout.split()[-1]
    assert len(key_id) == 16
    assert Bundle.load(own, trusted_keys=public).standing == f"signed by key {key_id}"
    assert Bundle.load(own, trusted_keys=tmp_path).key_id == key_id  # a folder of keys
    assert Bundle.load(own).standing == f"signed by unknown key {key_id}"
    assert Bundle.load("lungs", trusted_keys=public).standing == "released"
    signature.write_keys(tmp_path / "other.key")
    other = tmp_path / "other.key.pub"
    assert Bundle.load(own, trusted_keys=other).state == "unknown key"


def test_trusted_keys_may_stand_in_the_environment(
    own: Path, key: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edgect("sign", own, "--key", key)
    monkeypatch.setenv("EDGECT_TRUSTED_KEYS", str(public))
    assert Bundle.load(own).state == "signed"


def test_a_manifest_that_was_sealed_again_is_not_what_was_signed(own: Path, key: Path, public: Path) -> None:
    edgect("sign", own, "--key", key)
    document = dict(Bundle.load(own).manifest.document)
    document["gate"]["limits"] = {"embedding": 1e9, "view": 1e9}
    (own / "manifest.json").write_text(seal.text_of(seal.finished(document)))
    with pytest.raises(
        ModelError, match=r"bundle\.sig: the bundle is altered: key [0-9A-F]{16} signed another"
    ):
        Bundle.load(own, trusted_keys=public)
    assert Bundle.load(own).state == "unknown key"  # whoever trusts no key cannot know


@pytest.mark.parametrize("content", [b"", b"no signature", b"a\nb\nc\nd\n", b"a\n" + b"QUJD\n" * 3])
def test_what_is_no_signature_is_altered(own: Path, public: Path, content: bytes) -> None:
    (own / "bundle.sig").write_bytes(content)
    with pytest.raises(ModelError, match="altered: this is no signature"):
        Bundle.load(own, trusted_keys=public)


@pytest.mark.parametrize("place", [0, 1, 5, 10, 20, 60, 99])
def test_one_changed_letter_of_a_signature_is_noticed(own: Path, key: Path, public: Path, place: int) -> None:
    edgect("sign", own, "--key", key)
    lines = (own / "bundle.sig").read_bytes().splitlines()
    line = bytearray(lines[1])
    place = min(place, len(line) - 3)
    line[place] = ord("A") if line[place] != ord("A") else ord("B")
    (own / "bundle.sig").write_bytes(b"\n".join([lines[0], bytes(line), *lines[2:], b""]))
    if 3 <= place <= 12:  # of the key's id
        assert Bundle.load(own, trusted_keys=public).state == "unknown key"
    else:
        with pytest.raises(ModelError, match="altered"):
            Bundle.load(own, trusted_keys=public)


def test_a_signature_may_be_required(own: Path, key: Path, public: Path) -> None:
    with pytest.raises(ModelError, match="unsigned, and a signature of a trusted key is required"):
        Bundle.load(own, trusted_keys=public, require_signature=True)
    edgect("sign", own, "--key", key)
    with pytest.raises(ModelError, match=r"unknown key [0-9A-F]{16}, and a signature"):
        Bundle.load(own, require_signature=True)
    assert Bundle.load(own, trusted_keys=public, require_signature=True).state == "signed"
    assert Bundle.load("cnn1", require_signature=True).state == "released"


def test_verify_has_an_exit_code(own: Path, key: Path, public: Path) -> None:
    assert edgect("verify", own, "--trusted-keys", public).exit_code == 3
    edgect("sign", own, "--key", key)
    assert edgect("verify", own, "--trusted-keys", public).exit_code == 0
    assert edgect("verify", own).exit_code == 3
    assert edgect("verify", "lungs").exit_code == 0


def test_an_unfinished_bundle_is_not_signed(own: Path, key: Path) -> None:
    document = Bundle.load(own).manifest.document
    (own / "manifest.json").write_text(seal.text_of(seal.unfinished(document)))
    done = edgect("sign", own, "--key", key)
    assert done.exit_code == 3
    assert not (own / "bundle.sig").exists()


def test_a_key_may_have_a_password(own: Path, tmp_path: Path) -> None:
    secret = tmp_path / "guarded.key"
    assert edgect("key", secret, "--password", text="long enough\nlong enough\n").exit_code == 0
    wrong = edgect("sign", own, "--key", secret, text="another\n")
    assert (wrong.exit_code, "wrong password" in wrong.stderr) == (2, True)
    assert edgect("sign", own, "--key", secret, text="long enough\n").exit_code == 0
    assert Bundle.load(own, trusted_keys=tmp_path / "guarded.key.pub").state == "signed"


@needs_minisign
def test_minisign_reads_and_writes_the_same(own: Path, key: Path, public: Path, tmp_path: Path) -> None:
    edgect("sign", own, "--key", key)
    line = ["minisign", "-Vm", own / "manifest.json", "-x", own / "bundle.sig", "-p", public]
    assert b"verified" in subprocess.run(line, check=True, capture_output=True).stdout
    subprocess.run(
        ["minisign", "-G", "-W", "-p", tmp_path / "m.pub", "-s", tmp_path / "m.key"],
        check=True,
        capture_output=True,
    )
    line = ["minisign", "-Sm", own / "manifest.json", "-x", own / "bundle.sig", "-s", tmp_path / "m.key"]
    subprocess.run(line, check=True, capture_output=True)
    bundle = Bundle.load(own, trusted_keys=tmp_path / "m.pub")
    assert bundle.state == "signed"
    assert bundle.key_id.lstrip("0") in (tmp_path / "m.pub").read_text()


def test_a_derived_bundle_starts_unsigned(own: Path, key: Path, public: Path, tmp_path: Path) -> None:
    edgect("sign", own, "--key", key)
    parent = Bundle.load(own, trusted_keys=public)
    child = write_derived(parent, tmp_path / "child", name="child", document_changes={}, head=None)
    assert (parent.state, child.state) == ("signed", "unsigned")


def test_what_is_no_public_key_is_named(own: Path, key: Path, tmp_path: Path) -> None:
    edgect("sign", own, "--key", key)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no public key"):
        Bundle.load(own, trusted_keys=tmp_path / "empty")
    with pytest.raises(UsageError, match="is no public key"):
        Bundle.load(own, trusted_keys=key)


def test_without_the_package_a_released_bundle_works_and_a_signed_one_says_what_to_install(
    own: Path, key: Path, public: Path, tmp_path: Path
) -> None:
    edgect("sign", own, "--key", key)
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "minisign.py").write_text("raise ModuleNotFoundError('none', name='minisign')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'shadow')!r}); from edgect.cli import main; main()"
    )
    line = [sys.executable, "-c", code, "bundle", "verify", "--trusted-keys", str(public)]
    assert subprocess.run([*line, "lungs"], capture_output=True).returncode == 0
    done = subprocess.run([*line, str(own)], capture_output=True, text=True)
    assert done.returncode == 3
    assert "verifying a signature needs minisign, which is not installed: pip install" in done.stderr

"""A bundle: the folder of models and manifest that `deploy` writes, refused unless it is whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edgect.errors import ModelError
from edgect.machine.installation import restore_bundles_command
from edgect.model.bundles import bundle_registry, seal, signature
from edgect.model.bundles.manifest import MANIFEST, Manifest
from edgect.model.bundles.released import released_digests

DEFAULT = "lungs"
BUNDLED = Path(__file__).parent
RELEASED, SIGNED, UNKNOWN_KEY, UNSIGNED = "released", "signed", "unknown key", "unsigned"

ADVICE = {
    UNSIGNED: "sign it with `edgect bundle sign`, if you know where it comes from",
    UNKNOWN_KEY: "if you know whose key that is, put its public key where --trusted-keys looks",
    seal.UNFINISHED: "let what makes it finish",
}


@dataclass(frozen=True)
class Bundle:
    """A checked bundle.

    Attributes
    ----------
    name : str
        As its manifest has it.
    path : Path
        Its folder.
    manifest : Manifest
        What the bundle says of itself.
    digest : str
        SHA-256 of the manifest, which in turn holds those of the files.
    state : str
        `released`: edgect was released with this bundle. `signed`: by a trusted key. `unknown key`: by
        another. `unsigned`: it is whole, but nothing says who made it. `unfinished`: it is being made.
        A bundle that was altered is not loaded.
    key_id : str
        Of the key of its signature, 16 hexadecimal digits; empty without one, and of a released bundle.

    Examples
    --------
    >>> from edgect import Bundle
    >>> Bundle.load("cnn2").manifest.labels
    ('not COVID-19', 'COVID-19')
    """

    name: str
    path: Path
    manifest: Manifest
    digest: str
    state: str = UNSIGNED
    key_id: str = ""

    @classmethod
    def load(
        cls,
        model: str | os.PathLike[str] = DEFAULT,
        *,
        trusted_keys: str | os.PathLike[str] | None = None,
        require_signature: bool = False,
        unfinished: bool = False,
    ) -> Bundle:
        """Open a bundle, and check manifest and files.

        Parameters
        ----------
        model : str or PathLike
            The name of a bundled model, a bundle's folder, or a registry, whose bundle in use is taken.
        trusted_keys : str or PathLike, optional
            The file of a public key, or a folder of such (`*.pub`). By default what the environment's
            `EDGECT_TRUSTED_KEYS` names, if anything.
        require_signature : bool
            Whether to refuse a bundle that is neither released nor signed by a trusted key.
        unfinished : bool
            Whether the bundle may be unfinished, for what makes bundles and nothing else.

        Raises
        ------
        ModelError
            No such bundle, a manifest that cannot be used, a bundle that is unfinished or was refused when
            it was made, one that was altered: its manifest, or a file whose SHA-256 differs; one without
            the signature that is required.
        UsageError
            `trusted_keys` holds no public key.
        NotInstalledError
            The package that verifies signatures is missing.
        """
        path = _locate(model)
        file = path / MANIFEST
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"{file}: cannot be read ({error})") from error
        manifest = Manifest.from_json(content, file)
        digest = hashlib.sha256(content).hexdigest()
        state, key_id = seal.UNFINISHED, ""
        if not unfinished:
            state, key_id = _state(manifest, content, digest, file, trusted_keys)
        bundle = cls(manifest.name, path, manifest, digest, state, key_id)
        for name in manifest.files:
            bundle.read(name)
        if require_signature and state not in (RELEASED, SIGNED):
            raise ModelError(
                f"{path}: the bundle is {bundle.standing}, and a signature of a trusted key is required: "
                f"{ADVICE[state]}"
            )
        return bundle

    @property
    def is_bundled(self) -> bool:
        """Whether it travels in the wheel, so that every machine with edgect has it."""
        return self.path.parent == BUNDLED

    @property
    def standing(self) -> str:
        """The state in words, such as `signed by key 0123456789ABCDEF`."""
        by = {SIGNED: "signed by key", UNKNOWN_KEY: "signed by unknown key"}.get(self.state)
        return self.state if by is None else f"{by} {self.key_id}"

    @property
    def identity(self) -> str:
        """The first digits of the digest, as rows have them, and the state in words."""
        return f"{self.digest[:12]}, {self.standing}"

    def read(self, name: str) -> bytes:
        """One file's content, known to be what the manifest says. Raises ModelError otherwise."""
        expected = self.manifest.files.get(name)
        if expected is None:
            raise ModelError(f"{self.path}: the manifest lists no {name}")
        if Path(name).name != name:
            raise ModelError(f"{self.path}: {name!r} in the manifest is not a plain file name")
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise ModelError(f"{self.path / name}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise ModelError(
                f"{self.path / name}: the bundle is altered: the file's SHA-256 is not the manifest's; "
                "install it again, or copy it again from where it was made"
            )
        return content


def bundled_names() -> list[str]:
    """Names of the bundles that travel in the wheel."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{MANIFEST}"))


def _state(
    manifest: Manifest, content: bytes, digest: str, file: Path, trusted: str | os.PathLike[str] | None
) -> tuple[str, str]:
    """Tell a bundle's state and the id of its key. content: the manifest's. Raises as `Bundle.load`."""
    if digest in released_digests().values():
        return RELEASED, ""
    if file.parent.parent == BUNDLED:
        raise ModelError(
            f"{file}: the bundle is altered: the manifest is not the one that edgect was released with; "
            f"{restore_bundles_command()}"
        )
    seal.check(manifest.document, file)
    try:
        key_id = signature.verify(file.parent, content, trusted)
    except signature.UnknownKeyError as error:
        return UNKNOWN_KEY, error.key_id
    return (SIGNED, key_id) if key_id else (UNSIGNED, "")


def _locate(model: str | os.PathLike[str]) -> Path:
    name = os.fspath(model)
    if name in bundled_names():
        return BUNDLED / name
    folder = Path(name)
    if folder.is_dir():
        return bundle_registry.in_use(folder) if bundle_registry.is_registry(folder) else folder
    raise ModelError(f"no bundle {name!r}: neither a folder nor one of {', '.join(bundled_names())}")

"""A bundle: the folder of models and manifest that `deploy` writes, refused unless it is whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from edgect.errors import ModelError
from edgect.machine.installation import restore_bundles_command
from edgect.model.bundles import seal
from edgect.model.bundles.manifest import MANIFEST, Manifest
from edgect.model.bundles.released import released_digests

DEFAULT = "lungs"
BUNDLED = Path(__file__).parent
RELEASED, UNSIGNED = "released", "unsigned"


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
        `released`: edgect was released with this bundle. `unsigned`: it is whole, but nothing says who made
        it. `unfinished`: it is still being made.

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

    @classmethod
    def load(cls, model: str | os.PathLike[str] = DEFAULT, *, unfinished: bool = False) -> Bundle:
        """Open a bundle, and check manifest and files.

        Parameters
        ----------
        model : str or PathLike
            The name of a bundled model, or a bundle's folder.
        unfinished : bool
            Whether the bundle may be unfinished, for what makes bundles and nothing else.

        Raises
        ------
        ModelError
            No such bundle, a manifest that cannot be used, a bundle that is unfinished or was refused when
            it was made, one that was altered: its manifest, or a file whose SHA-256 differs.
        """
        path = _locate(model)
        file = path / MANIFEST
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"{file}: cannot be read ({error})") from error
        manifest = Manifest.from_json(content, file)
        digest = hashlib.sha256(content).hexdigest()
        state = seal.UNFINISHED if unfinished else _state(manifest, digest, file)
        bundle = cls(manifest.name, path, manifest, digest, state)
        for name in manifest.files:
            bundle.read(name)
        return bundle

    @property
    def is_bundled(self) -> bool:
        """Whether it travels in the wheel, so that every machine with edgect has it."""
        return self.path.parent == BUNDLED

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
                f"{self.path / name}: the bundle is altered: the file's SHA-256 is not the manifest's; install "
                "it again, or copy it again from where it was made"
            )
        return content


def bundled_names() -> list[str]:
    """Names of the bundles that travel in the wheel."""
    return sorted(path.parent.name for path in BUNDLED.glob(f"*/{MANIFEST}"))


def _state(manifest: Manifest, digest: str, file: Path) -> str:
    """Raises ModelError for a bundle that is not whole."""
    if digest in released_digests().values():
        return RELEASED
    if file.parent.parent == BUNDLED:
        raise ModelError(
            f"{file}: the bundle is altered: the manifest is not the one that edgect was released with; "
            f"{restore_bundles_command()}"
        )
    seal.check(manifest.document, file)
    return UNSIGNED


def _locate(model: str | os.PathLike[str]) -> Path:
    name = os.fspath(model)
    if name in bundled_names():
        return BUNDLED / name
    if Path(name).is_dir():
        return Path(name)
    raise ModelError(f"no bundle {name!r}: neither a folder nor one of {', '.join(bundled_names())}")

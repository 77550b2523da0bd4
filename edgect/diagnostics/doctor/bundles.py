"""Whether every bundle is what it was when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edgect.diagnostics.doctor.report import Finding
from edgect.errors import EdgectError
from edgect.machine.installation import restore_bundles_command
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import ADVICE, BUNDLED, DEFAULT, Bundle


def bundle_folders(models: Iterable[str]) -> dict[str, Path]:
    """By name: the bundles that travel with edgect, even where a manifest is lost, then those given."""
    folders = (path.name for path in BUNDLED.glob("[!_]*") if path.is_dir())
    bundled = {name: BUNDLED / name for name in sorted({DEFAULT, *folders})}
    return bundled | {model: Path(model) for model in models if model not in bundled}


def check_bundles(
    models: Iterable[str], trusted_keys: str | None = None
) -> Iterator[tuple[Finding, Bundle | None]]:
    """Check every bundle's manifest, files and signature. models: folders beside the bundled ones.

    One that is whole, but signed by nobody who is trusted, gets a note.
    """
    for name, path in bundle_folders(models).items():
        try:
            bundle = Bundle.load(path, trusted_keys=trusted_keys)
        except EdgectError as error:
            yield Finding("bundles", name, "fault", str(error), _advice(path, error)), None
        else:
            count = len(bundle.manifest.files)
            message = (
                f"{bundle.standing}; {count} files as its manifest has them; manifest {bundle.digest[:12]}"
            )
            advice = ADVICE.get(bundle.state, "")
            yield Finding("bundles", name, "note" if advice else "ok", message, advice), bundle


def _advice(path: Path, error: EdgectError) -> str:
    if path.parent == BUNDLED:
        return restore_bundles_command()
    if isinstance(error, seal.UnfinishedError):
        return "let what makes it finish, or make it again; until then use another bundle"
    if isinstance(error, seal.RefusedError):
        return (
            "use another bundle, or make this one again from another training run; a copy would be no better"
        )
    return "copy the bundle again from where it was made"

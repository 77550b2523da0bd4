"""Whether every bundle is what it was when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from edgect.diagnostics.doctor.report import Finding
from edgect.errors import ModelError
from edgect.machine.installation import restore_bundles_command
from edgect.model.bundles.bundle import BUNDLED, DEFAULT, Bundle


def bundle_folders(models: Iterable[str]) -> dict[str, Path]:
    """By name: the bundles that travel with edgect, even where a manifest is lost, then those given."""
    folders = (path.name for path in BUNDLED.glob("[!_]*") if path.is_dir())
    bundled = {name: BUNDLED / name for name in sorted({DEFAULT, *folders})}
    return bundled | {model: Path(model) for model in models if model not in bundled}


def check_bundles(models: Iterable[str]) -> Iterator[tuple[Finding, Bundle | None]]:
    """Check every bundle's files against its manifest. models: folders beside the bundled ones."""
    for name, path in bundle_folders(models).items():
        try:
            bundle = Bundle.load(path)
        except ModelError as error:
            yield Finding("bundles", name, "fault", str(error), _advice(path)), None
        else:
            count = len(bundle.manifest.files)
            message = (
                f"{bundle.state}; {count} files as its manifest has them; manifest {bundle.digest[:12]}"
            )
            yield Finding("bundles", name, "ok", message), bundle


def _advice(path: Path) -> str:
    if path.parent == BUNDLED:
        return restore_bundles_command()
    return "copy the bundle again from where it was made"

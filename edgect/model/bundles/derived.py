"""A bundle made from another, with its network and another head, temperature or whatever a manifest has."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgect.errors import UsageError
from edgect.machine import atomic
from edgect.model.bundles import seal
from edgect.model.bundles.bundle import BUNDLED, Bundle
from edgect.model.bundles.head import INT8, IR_WEIGHTS, Head, rewrite_head
from edgect.model.bundles.manifest import MANIFEST, Manifest
from edgect.model.conformance import derived_golden


def write_derived(
    parent: Bundle,
    folder: Path,
    *,
    name: str,
    document_changes: Mapping[str, Any],
    head: Head | None,
    replaced: Mapping[str, bytes] = {},
) -> Bundle:
    """Write a bundle whose manifest names its parent, and try it on the golden slice with every engine.

    name: of the new bundle. document_changes: sections of the manifest, whole; None removes a section.
    `files`, `golden` and `parent` are written here. Measurements of the parent's head, such as `metrics`,
    are the caller's to replace. head: instead of the parent's; None leaves model files as they are.
    replaced: other files by name, such as the gate's or the model card.

    `folder` becomes the bundle when all of it is written and every installed engine answers as it should;
    before that, and after an error, it is what it was. An old bundle there is replaced.

    Raises UsageError (`folder` is no bundle, or is the parent), ModelError (a head that cannot be replaced,
    a manifest with faults, answers that are not the head's), EngineError, ValueError (a head that does
    not fit, a name of a file that is none), OSError.
    """
    refuse_to_replace(folder, parent)
    if wrong := [file for file in replaced if Path(file).name != file or file == MANIFEST]:
        raise ValueError(f"{wrong[0]!r} is not the name of a bundle's file")
    files = {file: parent.read(file) for file in parent.manifest.files}
    if head is not None:
        absent = {INT8, IR_WEIGHTS} - files.keys() if parent.manifest.refused_backends else set()
        files |= rewrite_head(files, head, absent)
    files |= replaced
    document = _document(parent, name, document_changes, files)
    part = folder.with_name(f"{folder.name}.{secrets.token_hex(8)}.part")
    part.mkdir(parents=True)
    try:
        for file, content in files.items():
            atomic.write(part / file, content)
        bundle = _write_golden(part, parent, document, head)
        sealed = Manifest.of(seal.finished(bundle.manifest.document), part / MANIFEST)
        atomic.write(part / MANIFEST, sealed.to_json().encode())
        _move(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Bundle.load(folder)


def _document(
    parent: Bundle, name: str, changes: Mapping[str, Any], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """The manifest but for golden answers."""
    document = {
        **parent.manifest.document,
        **changes,
        "name": name,
        "parent": {"name": parent.name, "digest": parent.digest, "version": parent.manifest.version},
        "golden": None,
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
    }
    return {section: value for section, value in document.items() if value is not None}


def _write_golden(part: Path, parent: Bundle, document: dict[str, Any], head: Head | None) -> Bundle:
    """Write the manifest with golden answers, and hold every installed engine to them and to the head."""
    temperature = Manifest.of(document, part / MANIFEST).temperature
    bundle = _write_manifest(part, document, derived_golden.at_temperature(parent, temperature))
    outputs = derived_golden.infer(bundle)
    if head is not None:
        derived_golden.check_head(bundle, head, outputs)
        answers = derived_golden.with_head(parent, head, temperature, outputs)
        bundle = _write_manifest(part, document, answers)
    if bundle.manifest.golden is not None:
        derived_golden.check_answers(bundle, outputs)
    return bundle


def _write_manifest(folder: Path, document: Mapping[str, Any], answers: Mapping[str, Any] | None) -> Bundle:
    """Unfinished: the seal comes once all was tried."""
    whole = {**document, **({"golden": answers} if answers else {})}
    manifest = Manifest.of(seal.unfinished(whole), folder / MANIFEST)
    atomic.write(folder / MANIFEST, manifest.to_json().encode())
    return Bundle.load(folder, unfinished=True)


def refuse_to_replace(folder: Path, parent: Bundle) -> None:
    """An old bundle is replaced; a folder of anything else is somebody's, and stays. Raises UsageError."""
    if folder.resolve() == parent.path.resolve() or folder.resolve().parent == BUNDLED.resolve():
        raise UsageError(f"{folder} is a bundle that others are made of; name another folder")
    if folder.exists() and not (folder / MANIFEST).is_file() and not _is_empty(folder):
        raise UsageError(f"{folder} exists and is no bundle; name another folder")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _move(part: Path, folder: Path) -> None:
    """Into the place of an old bundle, which is put aside first: both are whole at every moment."""
    aside = part.with_suffix(".old")
    if folder.exists():
        folder.rename(aside)
    try:
        part.rename(folder)
    except BaseException:
        if aside.exists():
            aside.rename(folder)
        raise
    atomic.sync_folder(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)

"""Labelled subfolders: DIR/label/..., or DIR/label/patient/... where patients are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable

from edgect.errors import UsageError
from edgect.scans import find_scans, may_be_image
from edgect.sources.labels import Case, Cases, Words, listed

HINT = (
    "edgect knows names such as 'COVID-19', 'CT_COVID', 'positive', '1' and 'not COVID-19', 'CT_NonCOVID', "
    "'negative', 'normal', '0'; say which is which by --positive NAME --negative NAME"
)


def read_folder(root: str, words: Words, patients: bool = False) -> Cases:
    """Every file below the labelled subfolders, whose own names alone are the label.

    What lies deeper takes part under whatever name, and the files of a folder there are of one series.
    patients: the folder below the label is the patient's; of the same name below both labels, it is the
    same patient.

    Raises UsageError: a subfolder's name says no label, an image lies in none of them or outside a
    patient's folder, nothing looks like an image.
    """
    below = _below(root)
    labels = {name: label for name in below if (label := words.label(name)) is not None}
    unclear = [name for name in below if name not in labels]
    if missing := [word for word in words.own if word not in below]:
        raise UsageError(f"{root}: no subfolder {listed(missing)}; found: {listed(below) or 'none'}")
    if not below or (unclear and not words.own):
        which = f"cannot tell the label of {listed(unclear)}" if unclear else "holds no labelled subfolders"
        raise UsageError(f"{root}: {which}; found: {listed(below) or 'none'}. {HINT}")
    cases, bare, loose = [], [], []
    for path in find_scans([root]):
        top, *deeper = os.path.relpath(path, root).split(os.sep)
        if top not in below:  # also what is in an archive there
            bare.append(path)
        elif top in labels:
            loose += [path] if patients and len(deeper) < 2 else []
            within = len(deeper) > 1
            patient = deeper[0] if patients and within else ""
            cases.append(Case(path, labels[top], patient, os.path.dirname(path) if within else ""))
    if images := [path for path in bare if may_be_image(path)]:
        raise UsageError(f"{root}: {listed(images, 3)} in no labelled subfolder; move or remove it")
    if loose:
        raise UsageError(f"{root}: {listed(loose, 3)} in no patient's folder, as --patients asks for")
    if not cases:
        raise UsageError(f"{root}: no files in {listed(labels)}")
    return Cases(cases, patients, list(_left_out(bare, unclear)))


def _below(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(
                entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )
    except OSError as error:
        raise UsageError(f"{root}: cannot be listed ({error.strerror})") from error


def _left_out(bare: list[str], unclear: list[str]) -> Iterable[str]:
    if bare:
        yield f"Left out, no images and in no labelled subfolder: {listed(map(os.path.basename, bare))}."
    if unclear:
        yield f"Left out, neither --positive nor --negative: {listed(unclear)}."

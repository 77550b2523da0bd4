"""Labelled scans on the command line: a folder of labelled subfolders, or a table, and what is counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgect.errors import UsageError
from edgect.sources.folder import read_folder
from edgect.sources.labels import Cases, Words
from edgect.sources.table import read_table

BY = ("slice", "series", "patient")
Command = TypeVar("Command", bound=Callable[..., Any])


def source(command: Command) -> Command:
    """The argument, --positive, --negative, --patients and --by."""
    argument = click.argument("source", metavar="DIR|TABLE.csv")
    positive = click.option(
        "--positive",
        multiple=True,
        metavar="NAME",
        help="A folder or label that is COVID-19; may be repeated.",
    )
    negative = click.option(
        "--negative", multiple=True, metavar="NAME", help="One that is not; may be repeated."
    )
    patients = click.option(
        "--patients",
        type=click.Choice(("folder",)),
        help="The folder below the label is the patient's, for DIR/label/patient/...",
    )
    by = click.option(
        "--by",
        type=click.Choice(BY),
        default="slice",
        show_default=True,
        help="Count whole series too, or whole patients, by the rule for a series.",
    )
    return argument(positive(negative(patients(by(command)))))


def read(
    source: str, positive: tuple[str, ...], negative: tuple[str, ...], patients: str | None, by: str
) -> Cases:
    """The slices of the options above. Raises UsageError where they cannot be used."""
    words = Words(positive, negative)
    if not os.path.lexists(source):
        raise UsageError(f"no such file or folder: {source!r}")
    folder = os.path.isdir(source)
    if patients and not folder:
        raise UsageError("--patients folder is for folders; a table has the column patient")
    cases = read_folder(source, words, patients is not None) if folder else read_table(source, words)
    if by == "patient" and not cases.by_patient:
        raise UsageError(
            f"--by patient: the patients of {source} are unknown; give a table with the column patient, "
            "or --patients folder for DIR/label/patient/..."
        )
    return cases


def check_outputs(source: str, cases: Cases, outputs: Iterable[tuple[str, Path | None]]) -> set[str]:
    """Before anything slow. Raises UsageError rather than write over a scan or the table, or among scans.

    outputs: each with its option. Returns the inputs, resolved.
    """
    inputs = {os.path.realpath(path) for path in (source, *(case.path for case in cases.files))}
    for name, output in outputs:
        if output is None:
            continue
        if os.path.realpath(output) in inputs:
            raise UsageError(f"{name} {output} is one of the files to read; name another")
        if os.path.isdir(source) and output.resolve().is_relative_to(Path(source).resolve()):
            raise UsageError(f"{name} {output} lies in {source}: it would be taken for a scan; name another")
    return inputs

"""`--part NAME`: one part of a table alone; each reading of its test part is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgect.errors import UsageError
from edgect.sources.labels import Cases
from edgect.sources.table import PARTS

if TYPE_CHECKING:
    from edgect.model.bundles.bundle import Bundle
    from edgect.sources.parts import FixedParts, Part

option = click.option("--part", type=click.Choice(PARTS), help="This part of the table alone.")


def of_table(source: str, cases: Cases, part: Part | None) -> tuple[Cases, FixedParts | None]:
    """The cases of the part, and the parts of the table; all cases and None where no part is wanted.

    Parts that are not fixed yet are fixed now. Raises UsageError for a folder, and an empty part.
    """
    if part is None:
        return cases, None
    if Path(source).is_dir():
        raise UsageError("--part is for tables; a folder is not divided into parts")
    from edgect.sources.parts import fixed_parts

    fixed = fixed_parts(source, cases)
    if not (files := fixed.of(part)):
        raise UsageError(f"--part {part}: no slice of {fixed.table} is in that part")
    return replace(cases, files=files), fixed


def write_reading(
    source: str, part: Part | None, fixed: FixedParts | None, bundles: Sequence[Bundle]
) -> None:
    """Of a test part, beside the table; on stderr how often it was read: it is there to be read once."""
    if part != "test" or fixed is None:
        return
    from edgect.sources.readings import append_reading, earlier_readings

    earlier = len(earlier_readings(source))
    named = [{"name": bundle.name, "digest": bundle.digest} for bundle in bundles]
    append_reading(source, str(click.get_current_context().info_name), fixed.digest, named)
    click.echo(
        f"This reading of the test part of {source} is number {earlier + 1} and is on record.", err=True
    )

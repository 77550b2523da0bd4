"""The images of a series that are classified, and those that rules leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgect.services.listen.selection.image_attributes import ImageAttributes, read_attributes
from edgect.services.listen.selection.rules import Rules
from edgect.services.listen.storage.spool import SpooledImage


@dataclass(frozen=True)
class LeftOut:
    """Images of a series that one rule leaves out. first: what is known of one of them."""

    rule: str
    images: Sequence[SpooledImage]
    first: ImageAttributes


@dataclass(frozen=True)
class Selection:
    """Disjoint, and together all images of the series."""

    images: Sequence[SpooledImage]
    left_out: Sequence[LeftOut]


def select(rules: Rules, images: Sequence[SpooledImage], answered: int) -> Selection:
    """answered: slices of the series that are not among these images, and have an answer already.

    Raises OSError.
    """
    attributes = {image.path: read_attributes(image.path) for image in images}
    by_rule: dict[str, list[SpooledImage]] = {}
    for image in images:
        by_rule.setdefault(rules.of_image(attributes[image.path]), []).append(image)
    kept = by_rule.pop("", [])
    slices = answered + sum(attributes[image.path].slices for image in kept)
    if kept and (rule := rules.of_count(slices)):
        by_rule[rule], kept = kept, []
    left_out: Iterator[LeftOut] = (
        LeftOut(rule, group, attributes[group[0].path]) for rule, group in by_rule.items()
    )
    return Selection(kept, list(left_out))

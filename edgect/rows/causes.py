"""Why slices have no answer, as a few kinds that can be counted, and that quote nothing of a file."""

from __future__ import annotations

_BEGINNINGS = {
    "distance": ("not like the slices the network learned from",),
    "view": ("lungs do not look as",),
    "no lungs": ("no lungs found",),
    "blank": ("blank image", "almost blank"),
    "colour": ("a picture in colour", "not in grey", "colours or"),
    "size": ("image of ",),
    "orientation": (
        "not axial",
        "turned in its plane",
        "no ImageOrientationPatient",
        "nothing says how it lies",
    ),
    "not CT": ("not CT", "not a slice"),
}
CAUSES = (*_BEGINNINGS, "other", "error")
"""All kinds: those of rejected slices, and `error`."""


def cause(status: str, reason: str) -> str:
    """The kind of a row's reason, one of `CAUSES`; empty where there is an answer."""
    if status == "ok":
        return ""
    if status == "error":
        return "error"
    return next((name for name, beginnings in _BEGINNINGS.items() if reason.startswith(beginnings)), "other")

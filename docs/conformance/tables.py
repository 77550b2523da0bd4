"""What the node negotiates and answers, as tables: of the constants that it runs with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import click
from pydicom.uid import UID

from edgect.cli.listen import command
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.destinations import REFUSED, SENT_CLASSES, SENT_SYNTAXES, STORED
from edgect.services.listen.network import store_scp
from edgect.services.listen.network.association_server import MAX_PDU
from edgect.services.listen.network.callers import REJECTIONS
from edgect.services.listen.network.implementation import CLASS_UID, VERSION_NAME, application_entity
from edgect.services.listen.results.character_sets import DEFINED_TERMS

ACCEPTED_HEAD = ("SOP Class", "SOP Class UID", "role", "Transfer Syntax", "Transfer Syntax UID")
# of C-STORE, as SCP: DICOM PS3.4, table B.2-1
MEANINGS = {
    store_scp.SUCCESS: ("Success", "The image is on the disk, synced, and outlives a power cut."),
    store_scp.NO_RESOURCES: (
        "Refused: Out of Resources",
        "Too many images or bytes wait, or the disk is nearly full or fails. Send it again later.",
    ),
    store_scp.MISMATCH: (
        "Error: Data Set does not match SOP Class",
        "The data set has another SOP Class or Instance UID than the command.",
    ),
    store_scp.CANNOT_UNDERSTAND: (
        "Error: Cannot understand",
        "The data set cannot be read, or a UID of class, instance, study or series is not valid.",
    ),
}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def services() -> str:
    rows: list[tuple[object, ...]] = [
        (UID(context.abstract_syntax or "").name, context.abstract_syntax, "no", "yes")
        for context in store_scp.supported_contexts()
    ]
    rows += [(UID(sop_class).name, sop_class, "yes", "no") for sop_class in SENT_CLASSES]
    return table(("SOP Class", "UID", "SCU", "SCP"), rows)


def accepted() -> str:
    """One row for each pair of SOP class and transfer syntax that callers may propose."""
    return table(
        ACCEPTED_HEAD,
        (
            (
                UID(context.abstract_syntax or "").name,
                context.abstract_syntax,
                "SCP",
                UID(syntax).name,
                syntax,
            )
            for context in store_scp.supported_contexts()
            for syntax in context.transfer_syntax or ()
        ),
    )


def proposed() -> str:
    """One row for each pair that the node proposes to the node of `--send-to`."""
    return table(
        ACCEPTED_HEAD,
        (
            (UID(sop_class).name, sop_class, "SCU", syntax.name, syntax)
            for sop_class in SENT_CLASSES
            for syntax in SENT_SYNTAXES
        ),
    )


def association() -> str:
    config = NodeConfig("EDGECT", "127.0.0.1", 0, Path("spool"), out=Path("out"))
    entity = application_entity(config.title, config.timeout)
    silence = f"{config.timeout:g} s (`--timeout`)"
    return table(
        ("parameter", "value"),
        (
            ("Application Context Name", "1.2.840.10008.3.1.1.1"),
            ("Implementation Class UID", CLASS_UID),
            ("Implementation Version Name", VERSION_NAME),
            ("Maximum PDU length that is proposed", f"{entity.maximum_pdu_size} bytes"),
            ("Maximum length of a PDU that is read", f"{MAX_PDU} bytes; the connection ends beyond it"),
            ("Associations at once, as acceptor", f"{config.max_associations} (`--max-associations`)"),
            ("Associations at once, as initiator", "1"),
            ("Asynchronous operations", "not negotiated: one operation at a time"),
            ("SCP/SCU role selection", "not negotiated: default roles"),
            ("Extended negotiation, user identity", "not negotiated; user identity is ignored"),
            ("ARTIM timeout, and of ACSE, DIMSE and network", silence),
            ("Called AE title", "must be that of `--ae-title`"),
            ("Calling AE title", "must be one of `--calling`, where that is given"),
        ),
    )


def rejections() -> str:
    """DICOM PS3.8, table 9-21."""
    return table(
        ("result", "source", "reason", "when"),
        ((*map(str, key), reason) for key, reason in REJECTIONS.items()),
    )


def received_statuses() -> str:
    """Of C-STORE as SCP."""
    rows = ((f"0x{code:04X}", *MEANINGS[code]) for code in store_scp.OUTCOMES)
    return table(("status", "meaning", "when, and what follows"), rows)


def sent_statuses() -> str:
    """Of C-STORE as SCU."""
    return table(
        ("status", "what the node does"),
        (
            (ranges(STORED), "The object is delivered."),
            (
                ranges(REFUSED),
                "The object is refused for good: named in the log, set aside in the spool, not sent again.",
            ),
            ("any other, or none", "It is sent again, after 1 s at first and 300 s at last."),
        ),
    )


def character_sets() -> str:
    return ", ".join(f"`{term}`" for term in DEFINED_TERMS)


def options() -> str:
    """Of the command line, all that configures the node."""
    rows = []
    for option in command.params:
        assert isinstance(option, click.Option)
        record = option.get_help_record(click.Context(command))
        if record is not None and option.name != "help":
            names, text = record
            rows.append((f"`{names}`", " ".join(text.split())))
    return table(("option", "meaning"), rows)


def ranges(codes: Iterable[int]) -> str:
    """Numbers in hexadecimal digits, those next to each other as one range."""
    return ", ".join(
        f"0x{low:04X}" if low == high else f"0x{low:04X} to 0x{high:04X}"
        for low, high in _runs(sorted(codes))
    )


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    low = numbers[0]
    for number, following in pairwise([*numbers, numbers[-1] + 2]):
        if following != number + 1:
            yield low, number
            low = following


def pairs(statement: str, heading: str) -> set[tuple[str, str]]:
    """SOP class and transfer syntax of each row of the table below a heading of the statement."""
    section = statement.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    uid = r"([0-9.]+)"
    return set(re.findall(rf"^\| [^|]+ \| {uid} \| SC[UP] \| [^|]+ \| {uid} \|$", section, re.MULTILINE))

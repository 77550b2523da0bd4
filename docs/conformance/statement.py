"""The text of the statement, by the outline of DICOM PS3.2, annex N, with tables made from the code."""

from __future__ import annotations

from pathlib import Path

from docs.conformance import samples, tables
from edgect.machine.version import __version__
from edgect.rows import NOTICE
from edgect.services.listen.results.options import KINDS

ACCEPTED, PROPOSED = (
    "#### 6.2.3 Presentation contexts that are accepted",
    "#### 6.2.4 Presentation contexts that are proposed",
)
TEMPLATE = Path(__file__).with_name("template.md")


def page() -> str:
    image, made = samples.sample_results()
    trees = {name: dataset for name, dataset in made.items() if "ContentSequence" in dataset}
    return TEMPLATE.read_text(encoding="utf-8").format(
        version=__version__,
        notice=NOTICE,
        services=tables.services(),
        received_statuses=tables.received_statuses(),
        sent_statuses=tables.sent_statuses(),
        options=tables.options(),
        association=tables.association(),
        rejections=tables.rejections(),
        accepted_heading=ACCEPTED,
        accepted=tables.accepted(),
        proposed_heading=PROPOSED,
        proposed=tables.proposed(),
        character_sets=tables.character_sets(),
        kinds="; ".join(f"`{kind}`, {meaning}" for kind, meaning in KINDS.items()),
        slices=samples.SLICES,
        objects="\n\n".join(
            f"### {dataset.SOPClassUID.name}: `{name}-….dcm`\n"
            + tables.table(("tag", "attribute", "VR", "value"), samples.attribute_rows(image, dataset))
            for name, dataset in made.items()
        ),
        contents="\n\n".join(
            f"### {dataset.SOPClassUID.name}: `{name}-….dcm`\n"
            + tables.table(
                ("relationship", "value type", "concept name", "template"), samples.content_rows([dataset])
            )
            for name, dataset in trees.items()
        ),
        scheme=samples.SCHEME,
        codes=tables.table(("code", "meaning"), samples.private_codes().items()),
    )

"""Deliveries to an archive that refuses one kind of result: `python -m tests.delivery_kills`.

A node sends reports (SR) and pictures (SC) to DCMTK's storescp, which takes only one of them, and is killed
(SIGKILL) again and again meanwhile. In the end the archive must have each object that it takes, and the
others must be set aside. An archive tells objects by their UID; one whose answer a kill kept from being noted
comes again under the same UID, and is counted as such.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread, uid

from tests.edgect.services.listen.listen_process import Node, free_port, image, save, send, until

CLASSES = {"SR": uid.ComprehensiveSRStorage, "SC": uid.SecondaryCaptureImageStorage}
DCMTK_NAMES = {"SR": "ComprehensiveSRStorage", "SC": "SecondaryCaptureImageStorage"}
PROFILE = """\
[[TransferSyntaxes]]
[Uncompressed]
TransferSyntax1 = LocalEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[[PresentationContexts]]
[Taken]
PresentationContext1 = {taken}\\Uncompressed
[[Profiles]]
[Default]
PresentationContexts = Taken
"""


@dataclass
class Tally:
    """Of objects that the archive takes, but for `aside` and `named`: those that it refuses."""

    kills: int
    deliveries: int
    missing: int
    sent_again: int
    of_refused_class: int
    aside: int
    named: int

    @property
    def faults(self) -> int:
        """Objects that are not where they belong, or came again though no kill was the reason."""
        astray = self.missing + self.of_refused_class + abs(self.deliveries - self.aside)
        unnamed = max(0, self.deliveries - self.named - self.kills)
        return astray + unnamed + max(0, self.sent_again - self.kills)

    def __str__(self) -> str:
        return (
            f"{self.deliveries} deliveries, {self.kills} kills: missing {self.missing}, "
            f"sent again after a kill {self.sent_again}, of the refused class {self.of_refused_class}, "
            f"set aside {self.aside}, named in the log {self.named}"
        )


@contextmanager
def archive(folder: Path, port: int, refuses: str) -> Iterator[None]:
    """DCMTK's storescp, which writes each object that it gets to a file of its own."""
    folder.mkdir()
    (taken,) = set(CLASSES) - {refuses}
    profile = folder.with_suffix(".cfg")
    profile.write_text(PROFILE.format(taken=DCMTK_NAMES[taken]))
    line = [
        "storescp",
        "-aet",
        "ARCHIVE",
        "-xf",
        str(profile),
        "Default",
        "+uf",
        "-od",
        str(folder),
        str(port),
    ]
    process = subprocess.Popen(line)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def survive(work: Path, refuses: str, deliveries: int, kills: int, seed: int = 0) -> Tally:
    """Results of as many series as there are deliveries. refuses: "SR" or "SC"."""
    draw, port, folder = random.Random(seed), free_port(), work / "archive"
    node = Node(work, "--quiet", 0.2, "--send-to", f"ARCHIVE@127.0.0.1:{port}", "--secondary-capture")
    images = [
        save(work / "in" / f"{number}.dcm", image(number, SeriesInstanceUID=f"1.2.3.4.{number}"))
        for number in range(deliveries)
    ]
    with archive(folder, port, refuses):
        began = time.monotonic()
        node.start()
        start = time.monotonic() - began
        assert send(node, images).returncode == 0
        for _ in range(kills):
            time.sleep(draw.uniform(0, start))
            node.kill()
            node.start()
        until(lambda: not node.waiting() and not list((node.spool / "results").iterdir()), 60 * deliveries)
        node.stop()
    arrived = Counter(
        (object_.SOPClassUID, object_.SOPInstanceUID) for object_ in map(dcmread, folder.iterdir())
    )
    refused = sum(count for (sop_class, _), count in arrived.items() if sop_class == CLASSES[refuses])
    aside = list((node.spool / "refused" / "node").iterdir())
    assert {dcmread(path).SOPClassUID for path in aside} == {CLASSES[refuses]}
    return Tally(
        kills=kills,
        deliveries=deliveries,
        missing=deliveries - len(arrived),
        sent_again=arrived.total() - len(arrived),
        of_refused_class=refused,
        aside=len(aside),
        named=node.log_text().count(f"the node refuses {CLASSES[refuses].name}: "),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.delivery_kills", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    options = parser.parse_args()
    faults = 0
    for refuses in CLASSES:
        with tempfile.TemporaryDirectory() as folder:
            tally = survive(Path(folder), refuses, options.deliveries, options.kills)
        print(f"an archive that refuses {refuses}: {tally}", flush=True)
        faults += tally.faults
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()

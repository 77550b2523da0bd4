"""The limits of a DICOM node, who may call it, and where its results go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from edgect.errors import UsageError
from edgect.services.listen.results.options import ResultOptions
from edgect.services.loopback import is_loopback

_NODE = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[^\]]+\]|[^:]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class RemoteNode:
    """Another node, written TITLE@HOST:PORT."""

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> RemoteNode:
        """Raises UsageError."""
        match = _NODE.fullmatch(text)
        if match is None or not 0 < int(match["port"]) < 65536:
            raise UsageError(f"{text!r} names no node; write TITLE@HOST:PORT, such as ARCHIVE@127.0.0.1:4242")
        return cls(check_ae_title(match["title"]), match["host"].strip("[]"), int(match["port"]))


@dataclass(frozen=True)
class NodeConfig:
    """title: AE title of this node. calling_titles: AE titles that may call; empty for all. quiet_seconds:
    without a new image, after which a series counts as complete. out: folder for results. send_to: node for
    results. secured: they go by TLS. in_clear: they go without, which must be allowed where others could
    read names on the way. results: what is made of a series. keep_images: they stay in the spool once
    there is a result.

    max_images, max_bytes: that may wait. min_free: bytes of the disk that stay free. max_image_bytes: of
    one image. max_associations: at once. timeout: seconds of silence after which a caller is cut off.
    grace: seconds that callers have to end when the node stops. remember_seconds: for which the result of a
    series is remembered, in case that more of its images come. metrics_host, metrics_port: where metrics and
    health are asked for, None for nowhere. patience: seconds for which a destination may take nothing
    before health says so.

    Raises UsageError for settings that contradict each other, for a node that anybody on the network may
    send to, and for results in clear.
    """

    title: str
    host: str
    port: int
    spool: Path
    calling_titles: tuple[str, ...] = ()
    quiet_seconds: float = 10.0
    out: Path | None = None
    send_to: RemoteNode | None = None
    secured: bool = False
    in_clear: bool = False
    results: ResultOptions = field(default_factory=ResultOptions)
    keep_images: bool = False
    max_images: int = 20_000
    max_bytes: int = 20 * 2**30
    min_free: int = 2**30
    max_image_bytes: int = 256 * 2**20
    max_associations: int = 10
    timeout: float = 30.0
    grace: float = 10.0
    remember_seconds: float = 24 * 3600.0
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    patience: float = 15 * 60.0

    def __post_init__(self) -> None:
        if self.out is None and self.send_to is None:
            raise UsageError("nowhere to put results: give --out DIR or --send-to TITLE@HOST:PORT, or both")
        if self.out is not None and self.out.resolve().is_relative_to(self.spool.resolve()):
            raise UsageError(f"--out {self.out} lies in --spool {self.spool}: name another folder")
        if self.send_to and not (self.secured or self.in_clear or is_loopback(self.send_to.host)):
            raise UsageError(
                f"--send-to {self.send_to.host}: results hold the patient's name, and others could read it: "
                "give --tls-cert, --tls-key and --tls-ca (and --receive-in-clear if callers have no TLS), or "
                "say --send-in-clear"
            )
        if not self.calling_titles and not is_loopback(self.host):
            raise UsageError(
                f"--host {self.host} is open to other machines: say with --calling TITLE who may send"
            )


def check_ae_title(title: str) -> str:
    """An application entity's title (DICOM PS3.5, section 6.2: VR AE). Raises UsageError."""
    if not 0 < len(title.strip()) <= 16 or not (title.isascii() and title.isprintable()) or "\\" in title:
        raise UsageError(f"{title!r} is no AE title: 1 to 16 printable ASCII characters, no backslash")
    return title.strip()

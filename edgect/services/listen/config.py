"""What a node takes, from whom, and where its results go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgect.errors import UsageError
from edgect.services.loopback import is_loopback

_NODE = re.compile(r"(?P<title>[^@]+)@(?P<host>\[[^\]]+\]|[^:]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Node:
    """Another node, written TITLE@HOST:PORT."""

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Node:
        """Raises UsageError."""
        found = _NODE.fullmatch(text)
        if found is None or not 0 < int(found["port"]) < 65536:
            raise UsageError(f"{text!r} names no node; write TITLE@HOST:PORT, such as ARCHIVE@127.0.0.1:4242")
        return cls(check_title(found["title"]), found["host"].strip("[]"), int(found["port"]))


@dataclass(frozen=True)
class Settings:
    """title: of this node. calling: titles that may call, all where there are none. quiet: seconds without a
    new image after which a series is taken to be whole. out: folder for results. send_to: node for results,
    secured: by TLS, or in_clear, which must be said where others could read names on the way.
    capture: whether a Secondary Capture with the heat map is made too. keep: images stay in the spool once
    they were answered on.

    images, bytes: that may wait, at most. free: bytes of the disk that stay free. length: of one image, in
    bytes. associations: at once. timeout: seconds without a word after which a caller is cut off. grace:
    seconds that callers have to end when the node stops. remember: seconds for which it is known what a
    series was answered, in case that more of it comes.

    Raises UsageError for what cannot be, for a node that anybody on the network may send to, and for results
    in clear.
    """

    title: str
    host: str
    port: int
    spool: Path
    calling: tuple[str, ...] = ()
    quiet: float = 10.0
    out: Path | None = None
    send_to: Node | None = None
    secured: bool = False
    in_clear: bool = False
    capture: bool = False
    keep: bool = False
    images: int = 20_000
    bytes: int = 20 * 2**30
    free: int = 2**30
    length: int = 256 * 2**20
    associations: int = 10
    timeout: float = 30.0
    grace: float = 10.0
    remember: float = 24 * 3600.0

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
        if not self.calling and not is_loopback(self.host):
            raise UsageError(
                f"--host {self.host} is open to other machines: say with --calling TITLE who may send"
            )


def check_title(title: str) -> str:
    """An application entity's title (DICOM PS3.5, section 6.2: VR AE). Raises UsageError."""
    if not 0 < len(title.strip()) <= 16 or not (title.isascii() and title.isprintable()) or "\\" in title:
        raise UsageError(f"{title!r} is no AE title: 1 to 16 printable ASCII characters, no backslash")
    return title.strip()

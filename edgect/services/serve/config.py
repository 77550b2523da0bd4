"""What a server may take on, and who may ask it."""

from __future__ import annotations

from dataclasses import dataclass

from edgect.errors import UsageError
from edgect.services.loopback import is_loopback

TOKEN_LENGTH = 16  # characters, at least: what cannot be guessed over a network


@dataclass(frozen=True)
class Settings:
    """host, port: to listen on; port 0 takes a free one. token: that requests must bear, empty for none.

    files, bytes: of one request, at most. held: bytes of all requests in hand. requests: in hand at once,
    those being answered and those waiting; one more is refused. connections: open at once.
    timeout: seconds for a request to arrive, and again for it to be answered. stall: seconds without a
    byte, or for the head of a request, after which a connection is cut. stop: seconds that what is in
    hand gets after SIGTERM. idle: seconds after which the page forgets the patient, 0 for never.

    Raises UsageError for an address other than loopback without a token, and for a token too short.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str = ""
    files: int = 64
    bytes: int = 256 * 2**20
    held: int = 512 * 2**20
    requests: int = 8
    connections: int = 64
    timeout: float = 60.0
    stall: float = 10.0
    stop: float = 30.0
    idle: float = 300.0

    def __post_init__(self) -> None:
        if self.token and len(self.token) < TOKEN_LENGTH:
            raise UsageError(f"the token has {len(self.token)} characters; it needs at least {TOKEN_LENGTH}")
        if self.token and not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise UsageError("the token must be printable ASCII without spaces")
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                f"--host {self.host} can be reached from other machines: a token is needed "
                "(--token-file FILE or EDGECT_TOKEN)"
            )

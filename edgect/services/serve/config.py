"""The limits of a server, its address and its token."""

from __future__ import annotations

from dataclasses import dataclass

from edgect.errors import UsageError
from edgect.services.loopback import is_loopback

MIN_TOKEN_LENGTH = 16  # characters, so that it cannot be guessed over a network
MAX_CONTACT_LENGTH = 200  # characters, which fit a dialog of a small screen


@dataclass(frozen=True)
class ServerConfig:
    """host, port: to listen on; port 0 takes a free one. token: that requests must bear, empty for none.

    max_files, max_request_bytes: of one request. max_held_bytes: of all requests in progress. max_requests:
    in progress at once, waiting or not; one more is refused. max_connections: open at once. timeout:
    seconds for a request to arrive, and again for its response. stall_timeout: seconds without a byte, or
    for the headers of a request, after which a connection is closed. stop_timeout: seconds that requests in
    progress get after SIGTERM. idle_seconds: after which the page forgets the patient, 0 for never.
    show_patient: whether the page shows name and birth date of DICOM headers. contact: whom the page says to
    ask, in plain text; empty for nobody in particular.

    Raises UsageError for an address other than loopback without a token, for a token too short, and for a
    contact that is too long or does not print.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str = ""
    max_files: int = 64
    max_request_bytes: int = 256 * 2**20
    max_held_bytes: int = 512 * 2**20
    max_requests: int = 8
    max_connections: int = 64
    timeout: float = 60.0
    stall_timeout: float = 10.0
    stop_timeout: float = 30.0
    idle_seconds: float = 300.0
    show_patient: bool = False
    contact: str = ""

    def __post_init__(self) -> None:
        if self.token and len(self.token) < MIN_TOKEN_LENGTH:
            raise UsageError(
                f"the token must have at least {MIN_TOKEN_LENGTH} characters, not {len(self.token)}"
            )
        if self.token and not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise UsageError("the token must be printable ASCII without spaces")
        if len(self.contact) > MAX_CONTACT_LENGTH or not self.contact.isprintable():
            raise UsageError(
                f"--contact must be one line of at most {MAX_CONTACT_LENGTH} printable characters, "
                f"not {self.contact[:MAX_CONTACT_LENGTH]!r}"
            )
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                f"--host {self.host} can be reached from other machines: a token is needed "
                "(--token-file FILE or EDGECT_TOKEN)"
            )

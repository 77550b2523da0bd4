"""Names of series and files that tell nothing, but are the same from run to run: salted hashes of UIDs.

A UID is in every archive that a scan went through, so a plain hash of it is as good as the UID.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock

DIGITS = 16  # hexadecimal digits: 64 bits, too many for two of a hospital's files to meet
SALT_VARIABLE = "EDGECT_SALT"
SALT_FILE = "salt"
SALT_BYTES = 32


class Identifiers:
    """included: the identifiers themselves, in place of their hashes.

    The salt is `EDGECT_SALT`, or else kept in the user's state folder, where none but the user can read
    it. It is read when the first identifier comes.
    """

    def __init__(self, included: bool = False) -> None:
        self._included = included
        self._salt: bytes | None = None
        self._lock = Lock()
        self.salt_warning = ""
        """Why the salt is of this run only, so that no other run gives the same names; else empty."""

    @property
    def kind(self) -> str:
        """How names are made: `uid`, or `hash-` and digits that tell one salt from another."""
        return "uid" if self._included else f"hash-{self.name('edgect')[:8]}"

    def name(self, identifier: str) -> str:
        """An identifier's name in rows, empty where there is none."""
        if self._included or not identifier:
            return identifier
        with self._lock:
            if self._salt is None:
                self._salt, self.salt_warning = _load_salt()
        return hmac.digest(self._salt, identifier.encode("utf-8", "surrogateescape"), "sha256").hex()[:DIGITS]


def state_folder() -> Path | None:
    """The user's state folder as the platform has it, None where there is none."""
    if sys.platform == "win32":
        app_data = os.environ.get("LOCALAPPDATA")
        return Path(app_data, "edgect", "state") if app_data else None
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Application Support" / "edgect"
        base = Path(os.environ.get("XDG_STATE_HOME", ""))  # to be ignored unless absolute (XDG, Basics)
        return (base if base.is_absolute() else Path.home() / ".local" / "state") / "edgect"
    except RuntimeError:  # a user without a home
        return None


def _load_salt() -> tuple[bytes, str]:
    """The salt, and why it is of this run only, if it is."""
    if salt := os.environ.get(SALT_VARIABLE):
        return salt.encode("utf-8", "surrogateescape"), ""
    if (folder := state_folder()) is None:
        return secrets.token_bytes(SALT_BYTES), "there is no folder to keep a salt in"
    try:
        return _stored_salt(folder / SALT_FILE), ""
    except OSError as error:
        return secrets.token_bytes(SALT_BYTES), f"{folder / SALT_FILE}: {error.strerror or error}"


def _stored_salt(path: Path) -> bytes:
    """The content of the file, which is created where there is none: once, whoever else does so too."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{SALT_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(handle, "wb") as file:
                file.write(secrets.token_bytes(SALT_BYTES))
            with suppress(FileExistsError):
                os.link(part, path)  # which, other than a rename, replaces nothing
        finally:
            part.unlink()
    content = path.read_bytes()
    if len(content) < SALT_BYTES:
        raise OSError(f"holds {len(content)} bytes, no salt; remove it to have a new one")
    return content

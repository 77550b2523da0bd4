"""A bundle's detached signature, `bundle.sig`, over its manifest, which holds the SHA-256 of all its files.

Keys and signatures are those of minisign (https://jedisct1.github.io/minisign/; Ed25519), whose program
reads and writes the same: `minisign -Vm manifest.json -x bundle.sig -p KEY.pub`.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edgect.errors import EdgectError, ModelError, UsageError
from edgect.machine import atomic
from edgect.machine.installation import needing

if TYPE_CHECKING:
    import minisign

SIGNATURE, PUBLIC = "bundle.sig", ".pub"
VARIABLE = "EDGECT_TRUSTED_KEYS"
_ID = slice(2, 10)  # after the algorithm, in a signature and in a public key


class UnknownKeyError(EdgectError):
    """A signature is of a key that is not trusted: it says nothing. `key_id`: of that key."""

    def __init__(self, key_id: str) -> None:
        super().__init__(key_id)
        self.key_id = key_id


def write_keys(file: Path, password: str = "") -> str:
    """Write a new secret key to `file`, readable by its owner alone, and its public key beside it.

    password: that encrypts the secret key, none where empty. Returns the key's id. Raises UsageError where
    one of the files is there already or cannot be written, NotInstalledError.
    """
    with needing("sign", "making a key"):
        import minisign

    public = file.with_name(file.name + PUBLIC)
    pair = minisign.KeyPair.generate()
    key_id = _key_id(pair.public_key.to_base64())
    pair.public_key.untrusted_comment = f"minisign public key {key_id}"
    if password:
        pair.secret_key.encrypt(password)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as secret:
            secret.write(bytes(pair.secret_key) + b"\n")
            atomic.sync(secret)
        with public.open("xb") as shown:
            shown.write(bytes(pair.public_key) + b"\n")
    except FileExistsError as error:
        raise UsageError(f"{error.filename} exists: a key is never replaced; name another file") from error
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be written ({error.strerror})") from error
    return key_id


def sign(folder: Path, manifest: bytes, comment: str, key: Path, password: Callable[[], str]) -> str:
    """Write the signature of a manifest into its bundle's folder, in place of an earlier one.

    comment: is signed too. key: file of a secret key. password: is called where that is encrypted. Returns
    the key's id. Raises UsageError for a file that is no secret key, a wrong password, or a folder that
    cannot be written to; NotInstalledError.
    """
    with needing("sign", "signing"):
        import minisign

    try:
        secret = minisign.SecretKey.from_file(key)
        if secret.is_encrypted():
            secret.decrypt(password())
        with secret:
            signature = secret.sign(manifest, trusted_comment=comment)
    except OSError as error:
        raise UsageError(f"{key}: cannot be read ({error.strerror})") from error
    except minisign.Error as error:
        raise UsageError(f"{key}: no secret key to sign with ({error})") from error
    content = bytes(signature) + b"\n"
    try:
        atomic.write(folder / SIGNATURE, content)
    except OSError as error:
        raise UsageError(f"{folder / SIGNATURE}: cannot be written ({error.strerror})") from error
    return _key_id(content.splitlines()[1])


def verify(folder: Path, manifest: bytes, trusted: str | os.PathLike[str] | None) -> str:
    """Verify the signature in a bundle's folder; returns the id of its key, empty where there is none.

    trusted: a public key's file or a folder of such, `*.pub`; by default what `EDGECT_TRUSTED_KEYS` names.

    Raises UnknownKeyError; ModelError where a trusted key says that this manifest is not the one that was
    signed, or the file is no signature; UsageError where `trusted` holds no public key; NotInstalledError.
    """
    file = folder / SIGNATURE
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        key_id = _key_id(content.splitlines()[1])
    except (IndexError, ValueError) as error:
        raise ModelError(f"{file}: the bundle is altered: this is no signature") from error
    trusted = trusted or os.environ.get(VARIABLE) or None
    keys = {} if trusted is None else _public_keys(Path(trusted))
    if key_id not in keys:
        raise UnknownKeyError(key_id)
    with needing("sign", "verifying a signature"):
        import minisign

    try:
        keys[key_id].verify(manifest, minisign.Signature.from_bytes(content))
    except minisign.Error as error:
        raise ModelError(
            f"{file}: the bundle is altered: key {key_id} signed another manifest than this one; copy the "
            "bundle again from where it was signed"
        ) from error
    return key_id


def _public_keys(path: Path) -> dict[str, minisign.PublicKey]:
    """By id."""
    with needing("sign", "verifying a signature"):
        import minisign

    files = sorted(path.glob(f"*{PUBLIC}")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path}: there is no public key (*{PUBLIC}) in this folder of trusted keys")
    keys = {}
    for file in files:
        try:
            key = minisign.PublicKey.from_file(file)
        except OSError as error:
            raise UsageError(f"{file}: the trusted key cannot be read ({error.strerror})") from error
        except minisign.Error as error:
            raise UsageError(f"{file}: is no public key of minisign or edgect ({error})") from error
        keys[_key_id(key.to_base64())] = key
    return keys


def _key_id(line: bytes) -> str:
    """As minisign prints it, 16 hexadecimal digits. Raises ValueError."""
    try:
        key_id = base64.b64decode(line, validate=True)[_ID]
    except binascii.Error as error:
        raise ValueError(line) from error
    if len(key_id) < 8:
        raise ValueError(line)
    return key_id[::-1].hex().upper()

"""Files named by URLs, such as `s3://archive/2020/`, through fsspec. `file://` needs no package at all."""

from __future__ import annotations

import re
import sys
from typing import Any, BinaryIO, cast

from edgect.errors import NotInstalledError, ScanError, UsageError
from edgect.machine.installation import needing

FILE = "file://"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters, so that no drive of Windows is one


def is_url(path: str) -> bool:
    """Whether a path goes through fsspec. `file://` does not: it is `local`'s."""
    return _URL.match(path) is not None and not path.startswith(FILE)


def local(path: str) -> str:
    """What a `file://` URL names on this machine; any other path as it is."""
    if not path.startswith(FILE):
        return path
    name = path[len(FILE) :]
    return name[1:] if sys.platform == "win32" and re.match(r"/[A-Za-z]:", name) else name


def scheme(url: str) -> str:
    return url.partition("://")[0]


def check_scheme(scheme: str) -> None:
    """Raises NotInstalledError where a package is missing for URLs of this scheme, and UsageError."""
    with needing("dask", f"{scheme}://"):
        import fsspec
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:  # its message says what to install
        raise NotInstalledError(f"{scheme}:// needs one more package: {error}") from error
    except ValueError as error:
        raise UsageError(f"{scheme}:// is no scheme that fsspec knows") from error


def file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system of a URL, and how that spells it. Raises as `check`."""
    check_scheme(scheme(url))
    import fsspec

    try:
        store, path = fsspec.core.url_to_fs(url)
    except Exception as error:  # a store raises whatever its packages do
        raise UsageError(f"{url}: {_error_text(error)}") from error
    return store, str(path)


def exists(url: str) -> bool:
    """Raises UsageError where the store cannot be asked."""
    return bool(_query(url, "exists"))


def is_folder(url: str) -> bool:
    """Whether files lie below it; stores of objects have no other folders."""
    return bool(_query(url, "isdir"))


def is_file(url: str) -> bool:
    return bool(_query(url, "isfile"))


def files_below(url: str) -> list[str]:
    """Every file below a folder, as the URL's continuation. Raises UsageError as `exists`."""
    store, root = file_system(url)
    names = _query(url, "find")
    store.invalidate_cache()  # which holds all of them once more
    start, rest = url.rstrip("/"), len(root.rstrip("/"))
    return [f"{start}/{name[rest:].lstrip('/')}" for name in map(str, names)]


def read(url: str, length: int) -> bytes:
    """The first `length` bytes, or all there are, by one request. Raises ScanError."""
    store, path = file_system(url)
    try:
        return bytes(store.cat_file(path, start=0, end=length))[:length]
    except Exception as error:  # a store raises whatever its packages do
        if _is_empty(store, path):  # of which no first byte can be asked for
            return b""
        raise ScanError(f"cannot be read: {_error_text(error)}") from None


def size(url: str) -> int:
    """Raises OSError."""
    store, path = file_system(url)
    try:
        return int(store.info(path)["size"] or 0)
    except Exception as error:
        raise OSError(None, _error_text(error)) from None


def open_url(url: str) -> BinaryIO:
    """To read from anywhere in it, a part at a time."""
    store, path = file_system(url)
    return cast(BinaryIO, store.open(path, "rb"))


def _query(url: str, method: str) -> Any:
    store, path = file_system(url)
    try:
        return getattr(store, method)(path)
    except Exception as error:
        raise UsageError(f"{url}: cannot be asked for: {_error_text(error)}") from error


def _is_empty(store: Any, path: str) -> bool:
    try:
        return bool(store.info(path)["size"] == 0)
    except Exception:
        return False


def _error_text(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "No such file or directory"
    return " ".join(f"{type(error).__name__} {error}".split())

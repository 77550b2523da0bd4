"""The files of a multipart request, in memory and nowhere else (RFC 7578)."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from edgect.scans import Limits
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.errors import HTTPError, content_too_large

FIELD = "files"
MAX_NAME_BYTES = 1024  # of a file's name
MAX_PART_HEADER_BYTES = 4096  # of one header of a part
_FORM = "multipart/form-data"


@dataclass(frozen=True)
class Upload:
    """content: None where the file is longer than the limit; length: of all that was sent."""

    name: str
    content: bytes | None
    length: int


async def read_uploads(request: Request, config: ServerConfig, limits: Limits) -> list[Upload]:
    """Raises HTTPError: not multipart, damaged, too long, too many files, or too slow."""
    form = _Form(_boundary(request), config.max_files, limits.bytes)
    await _read(request, config, form.write)
    return form.finish()


async def read_body(request: Request, config: ServerConfig) -> bytes:
    """The body of another request. Raises HTTPError: too long or too slow."""
    content = io.BytesIO()
    await _read(request, config, content.write)
    return content.getvalue()


async def _read(request: Request, config: ServerConfig, write: Callable[[bytes], object]) -> None:
    length, stream = 0, request.stream()
    try:
        async with asyncio.timeout(config.timeout):
            while (chunk := await _next_chunk(stream, config.stall_timeout)) is not None:
                length += len(chunk)
                if length > config.max_request_bytes:
                    raise content_too_large(config.max_request_bytes)
                write(chunk)
    except TimeoutError:
        raise HTTPError(408, "the request did not arrive in time: send it again, with fewer files") from None
    except ClientDisconnect:
        raise HTTPError(400, "the request ended before its end") from None


async def _next_chunk(stream: AsyncIterator[bytes], stall: float) -> bytes | None:
    async with asyncio.timeout(stall):
        return await anext(stream, None)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.decode("latin-1").lower() != _FORM:
        raise HTTPError(415, f"files are sent as {_FORM}, in fields named {FIELD!r}")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise HTTPError(400, f"{_FORM} without a boundary of 1 to 70 characters")
    return boundary


@dataclass
class _Form:
    """The uploads of a multipart form, built by the parser's callbacks."""

    boundary: bytes
    max_files: int
    max_file_bytes: int
    uploads: list[Upload] = field(default_factory=list)
    is_complete: bool = False

    def __post_init__(self) -> None:
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "end")
        callbacks: Any = {f"on_{name}": getattr(self, name) for name in names}
        callbacks["on_headers_finished"] = self.headers_finished
        self._parser = MultipartParser(self.boundary, callbacks, max_header_size=MAX_PART_HEADER_BYTES)

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise HTTPError(400, f"the {_FORM} body is damaged") from None

    def finish(self) -> list[Upload]:
        if not self.is_complete:
            raise HTTPError(400, f"the {_FORM} body ends before its last boundary")
        if not self.uploads:
            raise HTTPError(400, f"no file in a field named {FIELD!r}")
        return self.uploads

    def part_begin(self) -> None:
        if len(self.uploads) == self.max_files:
            raise HTTPError(413, f"a request may have {self.max_files} files: send fewer at a time")
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        self._content, self._length, self._name = io.BytesIO(), 0, ""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def headers_finished(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if (
            disposition != b"form-data"
            or options.get(b"name") != FIELD.encode()
            or b"filename" not in options
        ):
            raise HTTPError(400, f"every part of the request must be a file in a field named {FIELD!r}")
        if len(options[b"filename"]) > MAX_NAME_BYTES:
            raise HTTPError(400, f"the name of a file has over {MAX_NAME_BYTES} bytes")
        self._name = options[b"filename"].decode("utf-8", "backslashreplace")

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._length += end - start
        if self._length > self.max_file_bytes:
            self._content = io.BytesIO()  # nothing of it is needed: its row says that it is too long
        else:
            self._content.write(data[start:end])

    def part_end(self) -> None:
        content = self._content.getvalue() if self._length <= self.max_file_bytes else None
        self.uploads.append(Upload(self._name, content, self._length))

    def end(self) -> None:
        self.is_complete = True

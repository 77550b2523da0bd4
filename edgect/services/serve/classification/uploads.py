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
from edgect.services.serve.config import Settings
from edgect.services.serve.http.errors import Refused

FIELD = "files"
NAME = 1024  # bytes of a file's name, at most
HEADER = 4096  # bytes of one header of a part, at most
_FORM = "multipart/form-data"


@dataclass(frozen=True)
class Upload:
    """content: None where the file is longer than the limit; length: of all that was sent."""

    name: str
    content: bytes | None
    length: int


async def read_uploads(request: Request, settings: Settings, limits: Limits) -> list[Upload]:
    """Raises Refused: no multipart request, damaged, too long, too many files, or too slow."""
    form = _Form(_boundary(request), settings.files, limits.bytes)
    await _read(request, settings, form.write)
    return form.finish()


async def read_body(request: Request, settings: Settings) -> bytes:
    """The whole of another request. Raises Refused: too long or too slow."""
    content = io.BytesIO()
    await _read(request, settings, content.write)
    return content.getvalue()


async def _read(request: Request, settings: Settings, take: Callable[[bytes], object]) -> None:
    length, stream = 0, request.stream()
    try:
        async with asyncio.timeout(settings.timeout):
            while (chunk := await _next(stream, settings.stall)) is not None:
                length += len(chunk)
                if length > settings.bytes:
                    raise too_long(settings)
                take(chunk)
    except TimeoutError:
        raise Refused(408, "the request did not arrive in time: send it again, with fewer files") from None
    except ClientDisconnect:
        raise Refused(400, "the request ended before its end") from None


async def _next(stream: AsyncIterator[bytes], stall: float) -> bytes | None:
    async with asyncio.timeout(stall):
        return await anext(stream, None)


def too_long(settings: Settings) -> Refused:
    return Refused(413, f"a request may have {settings.bytes:,} bytes: send less at a time")


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.decode("latin-1").lower() != _FORM:
        raise Refused(415, f"files are sent as {_FORM}, in fields named {FIELD!r}")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise Refused(400, f"{_FORM} without a boundary of 1 to 70 characters")
    return boundary


@dataclass
class _Form:
    """What the parser's callbacks build."""

    boundary: bytes
    most: int
    longest: int
    uploads: list[Upload] = field(default_factory=list)
    ended: bool = False

    def __post_init__(self) -> None:
        names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "end")
        callbacks: Any = {f"on_{name}": getattr(self, name) for name in names}
        callbacks["on_headers_finished"] = self.headers_finished
        self._parser = MultipartParser(self.boundary, callbacks, max_header_size=HEADER)

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError:
            raise Refused(400, f"the {_FORM} body is damaged") from None

    def finish(self) -> list[Upload]:
        if not self.ended:
            raise Refused(400, f"the {_FORM} body ends before its last boundary")
        if not self.uploads:
            raise Refused(400, f"no file in a field named {FIELD!r}")
        return self.uploads

    def part_begin(self) -> None:
        if len(self.uploads) == self.most:
            raise Refused(413, f"a request may have {self.most} files: send fewer at a time")
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
            raise Refused(400, f"every part of the request must be a file in a field named {FIELD!r}")
        if len(options[b"filename"]) > NAME:
            raise Refused(400, f"the name of a file has over {NAME} bytes")
        self._name = options[b"filename"].decode("utf-8", "backslashreplace")

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._length += end - start
        if self._length > self.longest:
            self._content = io.BytesIO()  # nothing of it is needed: its row says that it is too long
        else:
            self._content.write(data[start:end])

    def part_end(self) -> None:
        whole = self._content.getvalue() if self._length <= self.longest else None
        self.uploads.append(Upload(self._name, whole, self._length))

    def end(self) -> None:
        self.ended = True

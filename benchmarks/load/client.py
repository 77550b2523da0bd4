"""Requests to a server on loopback, many at once, from one thread that takes little of the machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

BOUNDARY = "boundary-of-the-load"
PATIENCE = 30.0  # seconds after which an answer counts as lost


@dataclass(frozen=True)
class Image:
    name: str
    request: bytes
    """All that is sent."""


@dataclass(frozen=True)
class Reply:
    """name: of the image. status: of HTTP, 0 where no whole answer came. seconds: from first byte to last."""

    name: str
    status: int
    seconds: float
    row: dict[str, Any] | None = None


def image(name: str, content: bytes) -> Image:
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        + content
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    head = (
        "POST /v1/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Image(name, head.encode() + body)


async def send(port: int, sent: Image) -> Reply:
    start = perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(sent.request)
                content = await reader.read()
            finally:
                writer.close()
        status, row = _read(content)
    except (OSError, TimeoutError, ValueError):
        return Reply(sent.name, 0, perf_counter() - start)
    return Reply(sent.name, status, perf_counter() - start, row)


async def closed(port: int, images: Sequence[Image], clients: int, seconds: float) -> list[Reply]:
    """Each client asks again as soon as it was answered: what the server can do."""
    end, replies = perf_counter() + seconds, list[Reply]()

    async def client(number: int) -> None:
        while perf_counter() < end:
            replies.append(await send(port, images[number % len(images)]))
            number += clients

    await asyncio.gather(*map(client, range(clients)))
    return replies


async def open_(port: int, images: Sequence[Image], rate: float, seconds: float) -> list[Reply]:
    """Requests begin at a rate, whatever becomes of those before them."""
    start, tasks = perf_counter(), list[asyncio.Task[Reply]]()
    for number in range(round(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - perf_counter()))
        tasks.append(asyncio.create_task(send(port, images[number % len(images)])))
    return await asyncio.gather(*tasks)


def _read(content: bytes) -> tuple[int, dict[str, Any] | None]:
    """Status and row of a response; ValueError where it is not whole."""
    head, _, body = content.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    if status != 200:
        return status, None
    if not body.endswith(b"0\r\n\r\n"):  # the last chunk
        raise ValueError("cut short")
    (line,) = [part for part in body.split(b"\r\n") if part.startswith(b"{")]
    return status, json.loads(line)

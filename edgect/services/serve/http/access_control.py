"""Who may send requests: the pages of this server, and programs; with a token, those that have it."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from edgect.services.loopback import is_loopback
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.http.errors import HTTPError

SCHEME = "bearer"


def check_site(request: Request, config: ServerConfig) -> None:
    """Keeps the pages of others, open in a browser on this machine, from using this server.

    They may link to the page, which holds nothing of anybody. Without a token, the server must have been
    asked for by a name of this machine: a page whose own name was made to lead here (DNS rebinding) gives
    that name away. Raises HTTPError.
    """
    host = request.headers.get("host", "")
    if not config.token and not is_loopback(_host_name(host)):
        raise HTTPError(403, "this server is reached only by the names of this machine, such as 127.0.0.1")
    origin = request.headers.get("origin")
    is_foreign = origin is not None and _origin_host(origin) != host.lower()
    is_cross_site = request.headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if is_foreign or (is_cross_site and not _follows_link(request)):
        raise HTTPError(403, "pages of other sites may not use this server")


def _follows_link(request: Request) -> bool:
    """Whether a browser goes to the page in a window of its own, not in a frame (W3C, Fetch Metadata)."""
    metadata = request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")
    return (request.method, request.scope["path"], *metadata) == ("GET", "/", "navigate", "document")


def check_token(request: Request, config: ServerConfig) -> None:
    """Raises HTTPError where a token is needed and the request does not bear it."""
    if not config.token:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not hmac.compare_digest(token.strip().encode(), config.token.encode()):
        message = "a token is needed: Authorization: Bearer TOKEN"
        raise HTTPError(401, message, {"WWW-Authenticate": "Bearer"})


def _origin_host(origin: str) -> str:
    """Host and port of an Origin header."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _host_name(host: str) -> str:
    """The host of a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

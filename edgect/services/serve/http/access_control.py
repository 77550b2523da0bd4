"""Who may ask: the pages of this server, and programs; with a token, those that have it."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from edgect.services.loopback import is_loopback
from edgect.services.serve.config import Settings
from edgect.services.serve.http.errors import Refused

SCHEME = "bearer"


def check_site(request: Request, settings: Settings) -> None:
    """Keeps the pages of others, open in a browser on this machine, from using this server.

    They may link to the page, which holds nothing of anybody. Without a token, the server must have been
    asked for by a name of this machine: a page whose own name was made to lead here (DNS rebinding) gives
    that name away. Raises Refused.
    """
    host = request.headers.get("host", "")
    if not settings.token and not is_loopback(_name(host)):
        raise Refused(403, "this server answers to the names of this machine alone, such as 127.0.0.1")
    origin = request.headers.get("origin")
    foreign = origin is not None and _site(origin) != host.lower()
    elsewhere = request.headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if foreign or (elsewhere and not _follows_link(request)):
        raise Refused(403, "pages of other sites may not use this server")


def _follows_link(request: Request) -> bool:
    """Whether a browser goes to the page in a window of its own, not in a frame (W3C, Fetch Metadata)."""
    aims = request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")
    return (request.method, request.scope["path"], *aims) == ("GET", "/", "navigate", "document")


def check_token(request: Request, settings: Settings) -> None:
    """Raises Refused where a token is needed and the request does not bear it."""
    if not settings.token:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME or not hmac.compare_digest(given.strip().encode(), settings.token.encode()):
        message = "a token is needed: Authorization: Bearer TOKEN"
        raise Refused(401, message, {"WWW-Authenticate": "Bearer"})


def _site(origin: str) -> str:
    """Host and port of an Origin header."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The host of a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

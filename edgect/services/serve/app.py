"""The ASGI application: routes, and the middleware round them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from edgect.report import SHARED_STYLE
from edgect.services.serve.config import ServerConfig
from edgect.services.serve.endpoints import Endpoints
from edgect.services.serve.http.access_control import check_token
from edgect.services.serve.http.access_log import LOG_FIELDS, AccessLog
from edgect.services.serve.http.errors import HTTPError
from edgect.services.serve.http.security_headers import SecurityHeaders

PAGE = Path(__file__).parent / "page"
Handler = Callable[[Request], Awaitable[Response]]


def application(endpoints: Endpoints, config: ServerConfig) -> ASGIApp:
    """For any ASGI server; `edgect.services.serve.server` has one that is careful with connections."""

    def route(
        path: str, handler: Handler, method: str = "GET", token: bool = True, admission: bool = False
    ) -> Route:
        endpoint = _Endpoint(path, handler, config, endpoints if admission else None, token)
        return Route(path, endpoint, methods=[method], include_in_schema=False)

    routes = [
        route("/v1/classify", endpoints.classify, "POST", admission=True),
        route("/v1/heat-map", endpoints.heat_map, "POST", admission=True),
        route("/v1/series", endpoints.series, "POST", admission=True),
        route("/v1/model", endpoints.model),
        route("/v1/settings", endpoints.settings, token=False),
        route("/healthz", endpoints.health, token=False),
        route("/readyz", endpoints.ready, token=False),
        route("/metrics", endpoints.prometheus),
        route("/openapi.json", endpoints.openapi, token=False),
        route("/", _page, token=False),
        route("/page/shared.css", _shared_style, token=False),
        Mount("/page", _LoggedMount("/page", StaticFiles(directory=PAGE))),
    ]
    router = Router(routes, redirect_slashes=False, default=_not_found)
    return SecurityHeaders(AccessLog(router, config, endpoints.metrics))


class _Endpoint:
    """One route. With `endpoints`, requests need admission, which lasts until the response is sent."""

    def __init__(
        self, path: str, handler: Handler, config: ServerConfig, endpoints: Endpoints | None, token: bool
    ) -> None:
        self._path, self._handler, self._config = path, handler, config
        self._endpoints, self._token = endpoints, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        scope[LOG_FIELDS]["route"] = self._path
        if self._token:
            check_token(request, self._config)
        with self._endpoints.admission.slot(request) if self._endpoints else nullcontext():
            await (await self._handler(request))(scope, receive, send)


class _LoggedMount:
    """Another application, with a route for the access log."""

    def __init__(self, name: str, app: ASGIApp) -> None:
        self._name, self._app = name, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[LOG_FIELDS]["route"] = self._name
        await self._app(scope, receive, send)


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")


async def _shared_style(_: Request) -> Response:
    return FileResponse(SHARED_STYLE)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    raise HTTPError(404, "there is no such route; /openapi.json lists those there are")

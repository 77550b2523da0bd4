"""The application: routes, and what is round them."""

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
from edgect.services.serve.access import check_token
from edgect.services.serve.endpoints import Endpoints
from edgect.services.serve.headers import Headers
from edgect.services.serve.outermost import NOTES, Outermost
from edgect.services.serve.refusal import Refused
from edgect.services.serve.settings import Settings

PAGE = Path(__file__).parent / "page"
Answer = Callable[[Request], Awaitable[Response]]


def application(endpoints: Endpoints, settings: Settings) -> ASGIApp:
    """For any ASGI server; `edgect.services.serve.run` has one that is careful with connections."""
    made = endpoints

    def route(
        path: str, answer: Answer, method: str = "GET", token: bool = True, place: bool = False
    ) -> Route:
        end = _Endpoint(path, answer, settings, made if place else None, token)
        return Route(path, end, methods=[method], include_in_schema=False)

    routes = [
        route("/v1/classify", made.classify, "POST", place=True),
        route("/v1/heat-map", made.heat_map, "POST", place=True),
        route("/v1/series", made.series, "POST", place=True),
        route("/v1/model", made.model),
        route("/v1/settings", made.settings, token=False),
        route("/healthz", made.health, token=False),
        route("/readyz", made.ready, token=False),
        route("/metrics", made.measured),
        route("/openapi.json", made.openapi, token=False),
        route("/", _page, token=False),
        route("/page/shared.css", _shared_style, token=False),
        Mount("/page", _Named("/page", StaticFiles(directory=PAGE))),
    ]
    router = Router(routes, redirect_slashes=False, default=_unknown)
    return Headers(Outermost(router, settings, endpoints.metrics))


class _Endpoint:
    """One route. With `endpoints`, requests need a place, and have it until they are answered."""

    def __init__(
        self, path: str, answer: Answer, settings: Settings, endpoints: Endpoints | None, token: bool
    ) -> None:
        self._path, self._answer, self._settings = path, answer, settings
        self._endpoints, self._token = endpoints, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        scope[NOTES]["route"] = self._path
        if self._token:
            check_token(request, self._settings)
        with self._endpoints.admission.place(request) if self._endpoints else nullcontext():
            await (await self._answer(request))(scope, receive, send)


class _Named:
    """An application of another's, with a name for the log."""

    def __init__(self, name: str, app: ASGIApp) -> None:
        self._name, self._app = name, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[NOTES]["route"] = self._name
        await self._app(scope, receive, send)


async def _page(_: Request) -> Response:
    return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")


async def _shared_style(_: Request) -> Response:
    return FileResponse(SHARED_STYLE)


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    raise Refused(404, "there is nothing of this name; /openapi.json lists what there is")

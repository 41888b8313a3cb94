"""Probes, the OpenAPI document and its page: what is about the server, not about identities."""

import asyncio
from functools import cache
from importlib import resources
from typing import NamedTuple

from pydantic_core import to_json

from central.catalog import BROWSER_ROUTES
from central.errors import CentralError, NotFoundError
from central.openapi import openapi_document
from central_server.infra.db import Database
from central_server.infra.db.revision import current_revision, problem_of
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.temporal.client import TemporalConnection

_ROUTES = {route.name: route for route in BROWSER_ROUTES}
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_JAVASCRIPT, _CSS = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
_ASSETS = {
    "docs.js": ("central_server", "assets/docs.js", _JAVASCRIPT),
    "docs.css": ("central_server", "assets/docs.css", _CSS),
    "swagger-ui-bundle.js": ("swagger_ui", "static/swagger-ui-bundle.js", _JAVASCRIPT),
    "swagger-ui.css": ("swagger_ui", "static/swagger-ui.css", _CSS),
}


class PartState(NamedTuple):
    """Whether a part that the server needs is there; what is wrong if not."""

    ok: bool
    detail: str


class Readiness:
    """Asks every part that the server needs."""

    def __init__(self, database: Database, temporal: TemporalConnection) -> None:
        self.database = database
        self.temporal = temporal

    async def check(self) -> dict[str, PartState]:
        """Ask the database, its migrations and Temporal."""
        database, migrations = await self._database()
        temporal = await self.temporal.healthy(timeout=1.0)
        return {
            "database": database,
            "migrations": migrations,
            "temporal": PartState(temporal, "ok" if temporal else "does not answer"),
        }

    async def _database(self) -> tuple[PartState, PartState]:
        try:
            await self.database.ping()
            revision = await current_revision(self.database)
        except CentralError as error:
            return PartState(ok=False, detail=error.code), PartState(ok=False, detail="unknown")
        problem = problem_of(revision)
        return PartState(ok=True, detail="ok"), PartState(ok=problem is None, detail=problem or "ok")


class MetaRoutes:
    """Serves the probes and the documentation."""

    def __init__(self, readiness: Readiness) -> None:
        self.readiness = readiness

    @serves(_ROUTES["meta.liveness"])
    async def liveness(self, request: BrowserRequest) -> BrowserResponse:
        """Answer, without asking anybody."""
        return BrowserResponse(200, b'{"pong":true}', "application/json")

    @serves(_ROUTES["meta.readiness"])
    async def readiness_probe(self, request: BrowserRequest) -> BrowserResponse:
        """Answer 200 when every part is there, else 503 with which is not."""
        parts = await self.readiness.check()
        ready = all(part.ok for part in parts.values())
        body = to_json({"ready": ready, **{name: part.detail for name, part in parts.items()}})
        return BrowserResponse(200 if ready else 503, body, "application/json")

    @serves(_ROUTES["meta.openapi"])
    async def openapi(self, request: BrowserRequest) -> BrowserResponse:
        """Give the OpenAPI document."""
        return BrowserResponse(200, await asyncio.to_thread(_document), "application/json")

    @serves(_ROUTES["meta.docs"])
    async def docs(self, request: BrowserRequest) -> BrowserResponse:
        """Give the page that shows the OpenAPI document."""
        page = _asset("central_server", "assets/docs.html")
        return BrowserResponse(200, page, "text/html; charset=utf-8", policy=_DOCS_POLICY)

    @serves(_ROUTES["meta.docs_asset"])
    async def docs_asset(self, request: BrowserRequest) -> BrowserResponse:
        """Give what the page is made of."""
        if (asset := _ASSETS.get(request.path["name"])) is None:
            raise NotFoundError("There is nothing at this path.", code="path_not_found")
        package, path, content_type = asset
        return BrowserResponse(200, await asyncio.to_thread(_asset, package, path), content_type)


@cache
def _document() -> bytes:
    """Make it when it is first asked for: that takes half a second, for which no start should wait."""
    return to_json(openapi_document())


@cache
def _asset(package: str, path: str) -> bytes:
    return resources.files(package).joinpath(path).read_bytes()

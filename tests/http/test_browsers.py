"""What pages of other sites can do with a signed-in user's browser: nothing."""

from collections.abc import AsyncIterator

import pytest

from central.kernel.operation import AnyOperation
from central_server.app import Central
from central_server.infra.config import Settings
from support.asgi import JSON_HEADER, Header, ask, assert_problem
from support.database import fingerprint
from support.examples import UNSAFE, Example, Things, names
from support.place import BASE_URL, Place, Stack, make_place
from support.raw import cookie_of

APP = "https://app.example.com"
_FOREIGN_ORIGINS = {
    "other site": "https://evil.example",
    "null": "null",
    "empty": "",
    "sibling": "http://evil.central.test",
    "parent": "http://test",
    "suffix": "http://central.test.evil.example",
    "prefix": "http://evilcentral.test",
    "other scheme": "https://central.test",
    "other port": "http://central.test:8080",
    "case": "http://CENTRAL.test",
    "path": "http://central.test/",
    "two": "http://central.test http://evil.example",
    "sibling of an allowed one": "https://evil.app.example.com",
    "allowed without its scheme": "http://app.example.com",
}
_FOREIGN: dict[str, list[Header]] = {
    **{name: [("origin", origin), JSON_HEADER] for name, origin in _FOREIGN_ORIGINS.items()},
    "fetch from another site": [("sec-fetch-site", "cross-site"), JSON_HEADER],
    "fetch from a sibling": [("sec-fetch-site", "same-site"), JSON_HEADER],
    "fetch with an odd word": [("sec-fetch-site", "?"), JSON_HEADER],
    "fetch that contradicts": [("origin", BASE_URL), ("sec-fetch-site", "cross-site"), JSON_HEADER],
}
_SIMPLE_BODIES = {
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x",
    "text that mentions json": "text/plain; application/json",
    "json by its suffix": "application/json-patch+json",
    "list": "application/json, text/plain",
    "none": "",
}


@pytest.fixture(scope="module")
async def api(stack: Stack) -> AsyncIterator[Central]:
    """The API with one other origin allowed."""
    central = Central(
        Settings.model_validate({**dict(stack.settings), "allowed_origins": APP, "database_pool_size": 2})
    )
    await central.start()
    yield central
    await central.stop()


@pytest.fixture(scope="module")
async def untouched(stack: Stack) -> tuple[Place, Things]:
    """A tenant with one thing of each kind, which the tests that share it must leave as it is."""
    place = await make_place(stack)
    return place, await Things.of(place)


@pytest.mark.parametrize("operation", UNSAFE, ids=names)
async def test_foreign_pages_change_nothing(
    api: Central, untouched: tuple[Place, Things], operation: AnyOperation
) -> None:
    """Each operation that changes anything refuses what a page of another origin can make a browser send."""
    place, things = untouched
    example = Example.of(operation, things)
    before = await fingerprint(place.stack, place.tenant.id)
    cases = dict(_FOREIGN)
    if operation.method != "DELETE":  # no form sends a DELETE, and its body is not read
        cases |= {name: [("content-type", kind)] if kind else [] for name, kind in _SIMPLE_BODIES.items()}
    for name, headers in cases.items():
        reply = await ask(
            api, operation.method, example.target, [cookie_of(place.owner), *headers], example.body or b""
        )
        code = "json_expected" if name in _SIMPLE_BODIES else "origin_not_allowed"
        assert_problem(reply, 400, 403, code=code)
        assert reply.header("access-control-allow-origin") is None
        assert reply.header("set-cookie") is None
    assert await fingerprint(place.stack, place.tenant.id) == before


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("origin", BASE_URL)],
        [("origin", BASE_URL), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
        [("origin", APP)],
        [("origin", APP), ("sec-fetch-site", "cross-site")],
        [("content-type", "Application/JSON ; charset=utf-8")],
    ],
)
async def test_own_and_allowed_pages_and_programs_get_through(
    api: Central, place: Place, headers: list[Header]
) -> None:
    """The control: the same request from here, from an allowed origin or from no browser at all is served."""
    declared = [] if any(name == "content-type" for name, _ in headers) else [JSON_HEADER]
    reply = await ask(
        api, "PATCH", f"/v1/tenants/{place.tenant.id}", [cookie_of(place.owner), *declared, *headers], b'{"name":"B"}'
    )
    assert reply.status == 200


@pytest.mark.parametrize("operation", UNSAFE, ids=names)
async def test_reading_methods_change_nothing(untouched: tuple[Place, Things], operation: AnyOperation) -> None:
    """No path of an operation that changes something does so by GET, HEAD or OPTIONS, whatever else it says."""
    place, things = untouched
    example = Example.of(operation, things)
    before = await fingerprint(place.stack, place.tenant.id)
    overrides = [("x-http-method-override", operation.method), ("x-method-override", operation.method)]
    for method in ("GET", "HEAD", "OPTIONS"):
        target = f"{example.target}?_method={operation.method}"
        await ask(
            place.stack.central,
            method,
            target,
            [cookie_of(place.owner), JSON_HEADER, *overrides],
            example.body or b"",
        )
    assert await fingerprint(place.stack, place.tenant.id) == before


async def test_allowed_origin_may_read_answers(api: Central, place: Place) -> None:
    """An allowed origin is named exactly, with credentials, on answers and on errors."""
    for path, status in ((f"/v1/tenants/{place.tenant.id}/me", 200), ("/v1/tenants/nobody-here/me", 404)):
        reply = await ask(api, "GET", path, [cookie_of(place.owner), ("origin", APP)])
        assert reply.status == status
        assert reply.header("access-control-allow-origin") == APP
        assert reply.header("access-control-allow-credentials") == "true"
        assert "x-request-id" in (reply.header("access-control-expose-headers") or "")
        assert reply.header("vary") == "origin"


@pytest.mark.parametrize("origin", _FOREIGN_ORIGINS.values(), ids=_FOREIGN_ORIGINS)
async def test_other_origins_read_nothing(api: Central, place: Place, origin: str) -> None:
    """To any other origin, however like an allowed one, nothing is said, and a preflight allows nothing."""
    target = f"/v1/tenants/{place.tenant.id}/me"
    read = await ask(api, "GET", target, [cookie_of(place.owner), ("origin", origin)])
    asked = await ask(api, "OPTIONS", target, [("origin", origin), ("access-control-request-method", "GET")])
    for reply in (read, asked):
        assert [name for name, _ in reply.headers if name.startswith("access-control-")] == []


async def test_preflight(api: Central, place: Place) -> None:
    """A preflight from an allowed origin names each header once, and what may be sent."""
    asked = [("origin", APP), ("access-control-request-method", "PATCH")]
    reply = await ask(api, "OPTIONS", f"/v1/tenants/{place.tenant.id}", asked)
    assert (reply.status, reply.body) == (204, b"")
    headers = dict(reply.headers)
    assert len(headers) == len(reply.headers)
    assert headers["access-control-allow-origin"] == APP
    assert headers["access-control-allow-credentials"] == "true"
    assert "PATCH" in headers["access-control-allow-methods"]
    assert {"content-type", "idempotency-key"} <= set(headers["access-control-allow-headers"].split(", "))
    assert_problem(await ask(api, "OPTIONS", "/v1/nothing-here", asked), 404)


async def test_origins_are_closed_by_default(place: Place) -> None:
    """Without a setting, no origin but one's own may call, and none may read."""
    reply = await ask(
        place.stack.central, "GET", f"/v1/tenants/{place.tenant.id}/me", [cookie_of(place.owner), ("origin", APP)]
    )
    assert reply.status == 200
    assert reply.header("access-control-allow-origin") is None

"""What every answer carries, and what no answer tells."""

import re

import pytest

from central.catalog import BROWSER_ROUTES, CATALOG
from central.tenants.models import TenantPublic
from central.users.models import User
from central_server.infra.http.browser import SECURITY_HEADERS
from central_server.users.service import UserService
from support.asgi import JSON_HEADER, Reply, ask, assert_problem
from support.place import Place
from support.raw import Raw

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_ALL_PATHS = sorted({declared.path for declared in (*CATALOG, *BROWSER_ROUTES)})


def _could_be_a_name(path: str) -> bool:
    """Tell whether a path is, by other methods, that of a thing that is called like its last part."""
    others = (re.sub(r"\\{\w+\\}", "[^/]+", re.escape(other)) for other in _ALL_PATHS if other != path)
    return any(re.fullmatch(other, path) for other in others)


_PATHS = [path for path in _ALL_PATHS if not _could_be_a_name(path)]


@pytest.mark.parametrize("path", _PATHS)
async def test_other_methods_are_refused_by_name(place: Place, path: str) -> None:
    """A path that exists tells, in `Allow`, which methods it takes, and no other one does anything."""
    served = {d.method for d in (*CATALOG, *BROWSER_ROUTES) if d.path == path}
    target = path.replace("{", "").replace("}", "")
    for method in {*_METHODS, "TRACE", "HEAD", "BREW"} - served - {"HEAD"}:
        reply = await ask(place.stack.central, method, target, [JSON_HEADER], b"{}")
        assert_problem(reply, 405, code="method_not_allowed")
        assert set((reply.header("allow") or "").split(", ")) >= served


async def test_unknown_path_is_not_found(place: Place) -> None:
    """What there is not is not found, by any method, signed in or not."""
    for raw in (Raw(place.stack), Raw(place.stack, place.owner)):
        for method in _METHODS:
            assert_problem(await raw.send(method, "/v1/nothing", b"{}"), 404, code="path_not_found")


async def _answers(place: Place) -> dict[str, Reply]:
    """Give one answer of every sort."""
    raw, tenant = Raw(place.stack, place.owner), f"/v1/tenants/{place.tenant.id}"
    return {
        "200": await raw.send("GET", f"{tenant}/me"),
        "201": await raw.send("POST", f"{tenant}/users", {"email": "ada@example.com"}),
        "204": await Raw(place.stack, await place.signed_in("member")).send("POST", f"{tenant}/auth/sign-out", {}),
        "400": await raw.send("POST", f"{tenant}/users", b"{"),
        "401": await Raw(place.stack).send("GET", f"{tenant}/me"),
        "403": await raw.send("POST", f"{tenant}/users", {}, ("origin", "null")),
        "404": await raw.send("GET", "/v1/tenants/nobody-here/me"),
        "405": await raw.send("PUT", f"{tenant}/me", {}),
        "422": await raw.send("POST", f"{tenant}/users", {}),
        "431": await raw.send("GET", f"{tenant}/me", None, ("x", "x" * 20_000)),
        "options": await raw.send("OPTIONS", f"{tenant}/me"),
        "unrouted": await raw.send("GET", "/nothing"),
        "docs": await raw.send("GET", "/docs"),
        "asset": await raw.send("GET", "/docs/nothing.js"),
        "openapi": await raw.send("GET", "/openapi.json"),
        "liveness": await raw.send("GET", "/meta/liveness-probe"),
        "readiness": await raw.send("GET", "/meta/readiness-probe"),
        "mailbox": await raw.send("GET", "/dev/mailbox"),
        "callback": await raw.send("GET", f"{tenant}/auth-connectors/connector-01H2XVNZ7C9NXWK3TMCRD9QWMN/callback"),
    }


async def test_security_headers_are_on_every_answer(place: Place) -> None:
    """Every answer, error or page, says once how browsers are to treat it, and which request it was."""
    for name, reply in (await _answers(place)).items():
        for header, value in SECURITY_HEADERS:
            given = [v for n, v in reply.headers if n == header.decode()]
            if header == b"content-security-policy":
                assert len(given) == 1, (name, given)
                assert "default-src 'none'" in given[0], name
            else:
                assert given == [value.decode()], (name, header)
        assert len(reply.header("x-request-id") or "") == 24, name
        assert reply.header("server") is None, name


async def test_errors_are_problem_details(place: Place) -> None:
    """Every error has the same form, whoever found it."""
    for name, reply in (await _answers(place)).items():
        if reply.status >= 400 and name != "readiness":
            assert_problem(reply, reply.status)


@pytest.mark.parametrize("given", ["a", "a" * 64, "0123-4567_89.ab"])
async def test_request_id_of_the_caller_is_kept(place: Place, given: str) -> None:
    """A plain request id goes through, to the answer and into the error."""
    raw = Raw(place.stack)
    for path in ("/v1/tenants/nobody-here/public", "/nothing", "/docs"):
        reply = await raw.send("GET", path, None, ("x-request-id", given))
        assert reply.header("x-request-id") == given
        if reply.status >= 400:
            assert reply.json()["requestId"] == given


@pytest.mark.parametrize(
    "given", ["", " ", "a" * 65, "a b", "a\r\nset-cookie: x=1", "a\n", "é", '"', "a,b", "<b>", "\x00"]
)
async def test_odd_request_id_is_replaced(place: Place, given: str) -> None:
    """Anything else is replaced by one of ours, so that neither headers nor logs can be written by callers."""
    reply = await Raw(place.stack).send("GET", "/nothing", None, ("x-request-id", given))
    problem = assert_problem(reply, 404)
    assert problem["requestId"] != given
    assert len(problem["requestId"]) == 24
    assert reply.header("set-cookie") is None


@pytest.fixture
async def users(place: Place) -> UserService:
    """The service behind the operation that the tests below break."""
    return await place.stack.central.container.get(UserService)


async def _get_user(place: Place) -> Reply:
    return await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.id}/users/{place.owner_user.id}")


@pytest.mark.parametrize("error", [RuntimeError, KeyError, ValueError, RecursionError, MemoryError, AssertionError])
async def test_fault_of_ours_tells_nothing(
    place: Place, users: UserService, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Any fault in a handler is a 500 without details, and the next request is served."""

    async def fail(*_: object) -> User:
        raise error("SELECT secret FROM vault")

    with monkeypatch.context() as patch:
        patch.setattr(users, "get", fail)
        reply = await _get_user(place)
    problem = assert_problem(reply, 500, code="internal_server_error")
    assert "secret" not in reply.body.decode()
    assert error.__name__ not in reply.body.decode()
    assert problem["detail"] == "Something went wrong on our side; the request id leads to it in the logs."
    assert (await _get_user(place)).status == 200


async def test_undeclared_output_never_leaves(
    place: Place, users: UserService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that gives anything but the declared class is a fault, though it were a subclass of it."""

    class UserWithSecret(User):
        password: str = "canary"

    user = place.owner_user.model_dump(by_alias=True) | {"__type": "UserWithSecret"}
    me = await place.owner.users.me()
    for output in (
        me,
        TenantPublic(id=place.tenant.id, slug="canary", name="canary"),
        UserWithSecret.model_validate(user),
        {"canary": True},
        b"canary",
        None,
        [place.owner_user],
    ):

        async def give(*_: object, output: object = output) -> object:
            return output

        with monkeypatch.context() as patch:
            patch.setattr(users, "get", give)
            reply = await _get_user(place)
        assert_problem(reply, 500, code="internal_server_error")
        assert "canary" not in reply.body.decode()
        assert place.owner_user.email not in reply.body.decode()


async def test_errors_of_two_requests_do_not_mix(place: Place, other_place: Place) -> None:
    """Errors made at the same time for two tenants carry each its own request id (Oathkeeper v26.2.5)."""
    import asyncio

    async def refuse(where: Place, number: int) -> None:
        given = f"{where.tenant.slug}-{number}"
        raw = Raw(where.stack, where.owner)
        path = f"/v1/tenants/{where.tenant.id}/users/user-01H2XVNZ7C9NXWK3TMCRD9QWMN"
        assert assert_problem(await raw.send("GET", path, None, ("x-request-id", given)), 404)["requestId"] == given

    await asyncio.gather(*(refuse(where, number) for number in range(100) for where in (place, other_place)))

"""Spans of requests and of the statements in them, as a collector gets them from the real exporter."""

from secrets import token_hex

import pytest
from sqlalchemy import Integer, bindparam, select

from central.errors import ConflictError, InternalServerError, NotFoundError
from central_server.infra.db import Database, Query
from central_server.infra.telemetry import Traces
from central_server.infra.telemetry.statements import name_of
from central_server.users.directory import UserDirectory
from support.collector import Traced

OUTSIDE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_request_is_one_span(traced: Traced):
    """A request is told by the operation's name, the route's template and the status."""
    user = await traced.place.user()
    await traced.place.owner.users.get(user=user.id)
    span = await traced.last("users.get")
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/tenants/{tenant}/users/{user}",
        "http.response.status_code": 200,
    }
    assert (span.parent, span.is_error) == ("", False)
    assert traced.collector.resource["service.name"] == "central"


async def test_statements_are_inside_of_their_request(traced: Traced):
    """Each statement is a span of its verb and its table, within the request that it was run for."""
    await traced.place.user()
    request = await traced.last("users.create")
    inside = await traced.children(request)
    assert {"SELECT find_session", "INSERT users", "COMMIT"} <= {span.name for span in inside}
    assert {span.trace for span in inside} == {request.trace}
    (insert,) = [span for span in inside if span.name == "INSERT users"]
    assert insert.attributes == {
        "db.system.name": "postgresql",
        "db.operation.name": "INSERT",
        "db.collection.name": "users",
    }


async def test_nothing_personal_is_told(traced: Traced):
    """No address, name, query, cookie, id in a path or word of a refusal reaches the collector."""
    place, canary = traced.place, f"canary{token_hex(6)}"
    user = await place.owner.users.create(email=f"{canary}@example.com", display_name=f"Name {canary}")
    await place.owner.users.get(user=user.id)
    await place.owner.users.list(text=canary).first_page()
    async with traced.stack.http() as http:
        await http.get(f"/v1/tenants/{canary}/public?q={canary}", headers={"baggage": canary, "user-agent": canary})
        await http.get(f"/{canary}")
    with pytest.raises(ConflictError):
        await place.owner.users.create(email=f"{canary}@example.com")
    refused = await traced.last("users.create")
    assert refused.attributes["http.response.status_code"] == 409
    told = traced.collector.bytes
    assert b"users.list" in told
    assert canary.encode() not in told
    assert place.owner.session_token is not None
    assert place.owner.session_token.get_secret_value().encode() not in told
    assert str(user.id).encode() not in told
    assert place.tenant.slug.encode() not in told
    assert str(place.tenant.id.uuid).encode() not in told


async def test_a_refusal_is_no_error_of_the_server(traced: Traced):
    """The span of a request that is refused has its status, and is not marked as failed."""
    with pytest.raises(NotFoundError):
        await traced.place.owner.users.get(user="user-01H2XVNZ7C9NXWK3TMCRD9QWMN")
    span = await traced.last("users.get")
    assert (span.attributes["http.response.status_code"], span.is_error) == (404, False)


async def test_a_fault_of_ours_is_an_error(traced: Traced, monkeypatch: pytest.MonkeyPatch):
    """A request that fails with 500 is marked as failed, without the words of what went wrong."""

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("words-of-a-fault")

    monkeypatch.setattr(UserDirectory, "list", fail)
    with pytest.raises(InternalServerError):
        await traced.place.owner.users.list().first_page()
    span = await traced.last("users.list")
    assert (span.is_error, span.attributes["error.type"]) == (True, "500")
    assert b"words-of-a-fault" not in traced.collector.bytes


async def test_a_refused_statement_is_told_by_its_code(traced: Traced):
    """A statement that PostgreSQL refuses is an error by its SQLSTATE."""
    user = await traced.place.user()
    with pytest.raises(ConflictError):
        await traced.place.owner.users.create(email=user.email)
    failed = [span for span in await traced.named("INSERT users") if span.is_error]
    assert failed[-1].attributes["error.type"] == "23505"


async def test_a_value_that_is_refused_is_not_told(traced: Traced):
    """The words of an error of the database, which name the value, stay here."""
    container = traced.stack.central.container
    query, reader = Query[int](select(bindparam("number", type_=Integer))), (await container.get(Database)).unscoped()
    with (await container.get(Traces)).handling("tests", None), pytest.raises(Exception, match="canaryvalue"):
        await reader.scalar(query, number="canaryvalue")
    assert [span for span in await traced.named("SELECT") if span.is_error]
    assert b"canaryvalue" not in traced.collector.bytes


async def test_the_trace_of_the_caller_goes_on(traced: Traced):
    """A `traceparent` makes the request a part of the caller's trace; what may say anything beside it is dropped."""
    headers = {"traceparent": f"00-{OUTSIDE}-00f067aa0ba902b7-01", "tracestate": "vendor=secretstate"}
    async with traced.stack.http() as http:
        await http.get(f"/v1/tenants/{traced.place.tenant.slug}/public", headers=headers)
    span = await traced.last("tenants.get_public")
    assert (span.trace, span.parent) == (OUTSIDE, "00f067aa0ba902b7")
    assert b"secretstate" not in traced.collector.bytes


@pytest.mark.parametrize("given", ["", "nonsense", f"00-{'0' * 32}-{'0' * 16}-01", "00-\xe9-1-1", "x" * 5000])
async def test_a_traceparent_that_is_none(traced: Traced, given: str):
    """What is no `traceparent` begins a new trace, and changes nothing else."""
    async with traced.stack.http() as http:
        path = f"/v1/tenants/{traced.place.tenant.slug}/public"
        answer = await http.get(path, headers=[(b"traceparent", given.encode("latin-1"))])
    assert answer.status_code == 200
    span = await traced.last("tenants.get_public")
    assert (span.parent, len(span.trace)) == ("", 32)


async def test_probes_are_not_told(traced: Traced):
    """What is asked every few seconds makes no spans; an unknown path makes one without the path."""
    async with traced.stack.http() as http:
        assert (await http.get("/meta/liveness-probe")).status_code == 200
        assert (await http.get("/no/such/path")).status_code == 404
    assert await traced.named("meta.liveness") == []
    unrouted = {"http.request.method": "_OTHER", "http.response.status_code": 404}
    assert (await traced.last("unrouted")).attributes == unrouted


async def test_what_no_request_asked_for_is_not_told(traced: Traced):
    """Statements that a process runs on its own are no spans."""
    before = list(await traced.spans())
    await traced.stack.session_of(traced.place.tenant.id, traced.place.owner_user.id)
    assert await traced.since(before) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("BEGIN;SET LOCAL central.tenant='0198'", "BEGIN"),
        ("SELECT users.id, (SELECT count(*) FROM user_roles) AS n FROM users FOR UPDATE", "SELECT users"),
        ("WITH new AS (INSERT INTO users (id) VALUES ($1) RETURNING id) SELECT * FROM new", "INSERT users"),
        ("INSERT INTO roles (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET name = $2", "INSERT roles"),
        ("SELECT id FROM jobs FOR NO KEY UPDATE SKIP LOCKED", "SELECT jobs"),
        ("SELECT f.id FROM central.find_session($1) AS f", "SELECT find_session"),
        ("DELETE FROM central.sessions WHERE id = $1", "DELETE sessions"),
        ("SELECT $1::INTEGER", "SELECT"),
    ],
)
def test_names_of_statements(text: str, name: str):
    """A statement is called by what it does to which table, and never by a value in it."""
    assert str(name_of(text)) == name

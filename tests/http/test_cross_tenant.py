"""What one tenant can do with the ids of another: nothing, and not even find out that they are there.

Every operation of the catalog, every place of its input where an id can stand, every kind of caller, three times: with
both walls, with row-level security alone and with the application's filters alone. `docs/security-proof.md` explains.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import astuple
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from central.access import Anyone, SystemPermission, TenantPermission
from central.catalog import BROWSER_ROUTES, CATALOG
from central.kernel.ids import EventId
from central.kernel.operation import AnyOperation, BrowserRoute
from central_server.infra.http.forms import FORM_TOKEN, FormTokens
from support.asgi import Header, Reply
from support.counts import count
from support.examples import BINDING, EXAMPLES, MORE_EXAMPLES, Example, Fields, Things, names
from support.place import BASE_URL
from support.places_of_ids import CURSOR, NO_NAMES, IdPlace, places_of
from support.raw import Raw
from support.worlds import Attacker, World, world

_KINDS_OF_CALLER = 5  # owner, admin, member, nobody, and who was shut out, in three ways
_NEVER_THE_SAME = {"x-request-id"}
_NEVER_THE_SAME_IN_BODY = {"requestId", "lastUsedAt"}
_NEVER_THE_SAME_IN_JOBS = {"id", "createdAt"}  # of two that were started

# What an absent id answers where that is not 404: a new entry says why in a word.
ABSENT_IS = {
    ("auth.verify_email_code", "sign_in"): 410,  # a sign-in that ended, was begun elsewhere or never was: one answer
    ("auth.poll_device", "device_code"): 410,  # the same
    ("sessions.list", "cursor"): 400,  # it is of the list of another user
    ("users.create", "roles[]"): 422,  # what a new user would be is wrong, not missing
    ("users.update", "roles[]"): 422,  # the same
    ("emails.list", "cursor"): 400,  # the same
    ("emails.verify", "verification"): 410,  # as a sign-in
    **{
        (operation, place): 200  # there is nobody of whom it is true
        for operation in ("users.list", "users.count")
        for place in ("role", "external", "connector")
    },
    ("invitations.create", "roles[]"): 422,  # what it would be is wrong
    ("invitations.create_many", "items[].roles[]"): 200,  # each of them is answered by itself
    **{
        (f"auth_connectors.{verb}", f"provisioning.{place}"): 422  # what the connector would give is wrong
        for verb in ("create", "update")
        for place in ("default_roles[]", "group_roles[].role")
    },
    ("events.list", "actor"): 200,  # nothing was done by them
    ("events.list", "target"): 200,  # nothing happened to it
    ("webhooks.list_deliveries", "endpoint"): 200,  # nothing was sent to it
    ("sessions.search", "user"): 200,  # nobody is found
    ("sessions.search", "connector"): 200,  # the same
    ("sessions.revoke_matching", "user"): 200,  # nobody matches
    ("sessions.revoke_matching", "connector"): 200,  # the same
    **{
        ("users.start_export", place): 201  # nobody of whom it is true is in the file
        for place in ("role", "external", "connector")
    },
    ("events.start_export", "actor"): 201,  # nothing was done by them
    ("events.start_export", "target"): 201,  # nothing happened to it
    **{
        ("sessions.start_revocation", place): 201  # nobody matches
        for place in ("user", "role", "connector")
    },
    ("units.list", "parent"): 200,  # nothing is below it
    ("units.list", "below"): 200,  # the same
    ("units.list_history", "cursor"): 400,  # it is of the list of another unit
    **{("units.list_assignments", place): 200 for place in ("unit", "below", "user", "role")},  # nobody is
    ("units.assign", "role"): 422,  # what they would be is wrong
    ("units.update_assignment", "role"): 422,  # the same
    ("units.as_of", "cursor"): 400,  # the unit was not there
    ("users.start_import", "roles[]"): 422,  # what new users would be is wrong
    ("jobs.list_row_errors", "cursor"): 400,  # it is of the list of another job
    ("users.get_many", "users[]"): 200,  # those that are there are given
}


# Lists that never have a second page, and so no cursor.
OF_ONE_PAGE = {"roles.list_grants", "identities.list", "identities.list_mine", "units.list_ancestors", "units.get_path"}
__all__ = ["world"]


class Probe(NamedTuple):
    """A request with the victim's id in one place, and the same one with an id that nobody has."""

    place: IdPlace
    foreign: Example
    absent: Example
    ids: tuple[str, str]


def _is_probed(operation: AnyOperation, place: IdPlace) -> bool:
    """Whether a place is one to refuse: anyone may name any tenant in an operation that is open to anyone."""
    if place.path == (CURSOR,) and operation.name in OF_ONE_PAGE:
        return False
    return not (isinstance(operation.access, Anyone) and place.is_tenant)


PLACES = [(operation, place) for operation in CATALOG for place in places_of(operation) if _is_probed(operation, place)]
OPERATIONS = [operation for operation in CATALOG if any(operation is probed for probed, _ in PLACES)]


def _example(operation: AnyOperation, place: IdPlace, things: Things) -> Fields:
    """Give an example that reaches the place."""
    for example in (EXAMPLES[operation.name], *MORE_EXAMPLES.get(operation.name, ())):
        fields = example(things)
        if place.is_held(fields, operation.input_class):
            return fields
    raise AssertionError(
        f"{operation.name}: no example reaches {place.name}; add one to MORE_EXAMPLES in tests/support/examples.py"
    )


async def _cursors(world: World, operation: AnyOperation) -> tuple[str, str]:
    """Give a cursor that the list gave the victim, and one that is the same but for its id."""
    is_system = isinstance(operation.access, SystemPermission)
    client = await world.stack.sign_in_operator() if is_system else world.victim.owner
    example = Example.of_fields(operation, {**EXAMPLES[operation.name](world.things), "limit": 1})
    cursor = (await Raw(world.stack, client).send(example.method, example.target)).json().get("nextCursor")
    assert cursor, f"{operation.name}: make two things of its kind in Things.of, so that the list has a second page"
    filters, key, _ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    forged = json.dumps([filters, key, str(EventId.new().uuid)]).encode()
    return cursor, base64.urlsafe_b64encode(forged).rstrip(b"=").decode()


async def _probes(world: World, operation: AnyOperation, place: IdPlace, things: Things) -> Iterator[Probe]:
    pairs = [await _cursors(world, operation)] if place.path == (CURSOR,) else world.pairs(place)
    fields = _example(operation, place, things)
    return (
        Probe(place, Example.of_fields(operation, foreign), Example.of_fields(operation, absent), pair)
        for pair in pairs
        for foreign, absent in zip(place.fill(fields, pair[0]), place.fill(fields, pair[1]), strict=True)
    )


def _without_what_changes(value: Any) -> Any:
    if isinstance(value, dict):
        started = value.get("__type") == "Job" and value.get("state") == "queued"
        changing = _NEVER_THE_SAME_IN_BODY | (_NEVER_THE_SAME_IN_JOBS if started else set())
        return {k: _without_what_changes(v) for k, v in value.items() if k not in changing}
    return [_without_what_changes(item) for item in value] if isinstance(value, list) else value


def _seen(reply: Reply, sent: str) -> tuple[int, Any, dict[str, str]]:
    """Give all that an answer tells, but for what differs between any two, and the id that was sent."""
    assert reply.status != 429, "the limits of requests are too tight for the matrix to say anything"
    headers = {
        name: value for name, value in reply.headers if name not in _NEVER_THE_SAME and not name.startswith("ratelimit")
    }
    body = _without_what_changes(json.loads(reply.body.replace(sent.encode(), b"the id"))) if reply.body else None
    return reply.status, body, headers


def _expected(operation: AnyOperation, place: IdPlace, attacker: Attacker) -> set[int]:
    """Say what an absent id answers, by the access that the operation declares."""
    absent = _absent(operation, place)
    match operation.access:
        case Anyone():
            return {403, absent} if attacker.is_suspended else {absent}
        case _ if not attacker.is_in:
            return {401}
        case SystemPermission():
            return {403}
        case TenantPermission(permission) if permission not in attacker.permissions and not place.is_tenant:
            return {403}
    return {absent}


def _absent(operation: AnyOperation, place: IdPlace) -> int:
    return ABSENT_IS.get((operation.name, place.name), 200 if place.path == (CURSOR,) else 404)


def test_every_operation_has_an_example() -> None:
    """A new operation is refused by this test until these tests can call it."""
    assert set(EXAMPLES) == {operation.name for operation in CATALOG}, "add an entry to tests/support/examples.py"
    assert set(MORE_EXAMPLES) <= set(EXAMPLES)
    known = {(operation.name, place.name) for operation, place in PLACES}
    assert set(ABSENT_IS) <= known, "an exception for a place that is no more"


def test_every_name_in_a_path_is_a_place() -> None:
    """What stands in a path names something: an id, or text that is said to be a name."""
    for operation in CATALOG:
        named = {place.path[0] for place in places_of(operation)}
        missing = set(operation.path_names) - named - NO_NAMES
        assert not missing, (
            f"{operation.name}: {missing} goes into NAMES, or NO_NAMES, of tests/support/places_of_ids.py"
        )


def test_every_closed_operation_is_probed() -> None:
    """Of what needs a sign-in in a tenant, nothing is left out: the tenant at least is a place in each."""
    left_out = {operation.name for operation in CATALOG} - {operation.name for operation in OPERATIONS}
    for operation in CATALOG:
        if operation.name in left_out:
            assert isinstance(operation.access, Anyone | SystemPermission), operation.name


@pytest.mark.parametrize("operation", OPERATIONS, ids=names)
async def test_ids_of_another_tenant(world: World, operation: AnyOperation, record_property: Any) -> None:
    """Another tenant's id answers as one that never was, in every place and to everybody, and nothing happens."""
    places = [place for probed, place in PLACES if probed is operation]
    before = await world.fingerprints.of(world.victim.tenant.id)
    probed = 0
    for attacker in world.attackers:
        events, accepted = await world.fingerprints.events(attacker.place.tenant.id), False
        for place in places:
            for probe in await _probes(world, operation, place, attacker.things):
                accepted |= await _attack(world, operation, attacker, probe)
                probed += 1
        assert accepted or await world.fingerprints.events(attacker.place.tenant.id) == events, attacker.name
    assert await world.fingerprints.of(world.victim.tenant.id) == before
    assert probed >= len(places) * len(world.attackers) >= len(places) * _KINDS_OF_CALLER
    count(record_property, f"cross-tenant probes, {world.mode}", probed)


async def _attack(world: World, operation: AnyOperation, attacker: Attacker, probe: Probe) -> bool:
    """Send both requests and compare what they tell; whether one of them changed something."""
    keyed = attacker.name == "owner" and not isinstance(operation.access, Anyone)
    with world.walls():
        absent = _seen(await attacker.send(probe.absent, keyed=keyed), probe.ids[1])
        foreign = _seen(await attacker.send(probe.foreign, keyed=keyed), probe.ids[0])
    where = f"{operation.name}: {probe.place.name} of another tenant, by the {attacker.name}"
    expected = _expected(operation, probe.place, attacker)
    assert absent[0] in expected, f"{where}: an absent id answers {absent}; if that is right, it goes into ABSENT_IS"
    assert foreign == absent, where
    for told in (*astuple(world.things), world.slug, world.victim.owner_user.email):
        assert told not in json.dumps(foreign[1:]), where
    accepted = operation.method != "GET" and absent[0] < 300
    if accepted:
        await world.renew(attacker)
    return accepted


_TIMED = ("users.get", "auth_connectors.get", "sessions.list")
_ROUNDS = 200


@pytest.mark.parametrize("name", _TIMED)
async def test_time_tells_nothing(world: World, name: str, record_property: Any) -> None:
    """A foreign id takes as long as an absent one: in pairs of requests the median difference is under 1 ms."""
    ((operation, place),) = [(o, p) for o, p in PLACES if o.name == name and not p.is_tenant and p.path != (CURSOR,)]
    owner = next(attacker for attacker in world.attackers if attacker.name == "owner")
    probe = next(iter(await _probes(world, operation, place, owner.things)))
    differences: list[float] = []
    times: list[float] = []
    with world.walls():
        for number in range(_ROUNDS):
            took: dict[Example, float] = {}
            # In turn, so that coming second makes no difference.
            for example in (probe.foreign, probe.absent)[:: 1 if number % 2 else -1]:
                started = perf_counter()
                await owner.send(example)
                took[example] = perf_counter() - started
            differences.append(took[probe.foreign] - took[probe.absent])
            times += took.values()
    # Where the machine is busy with other things, all takes longer, and so may the difference.
    assert abs(median(differences)) < max(0.001, 0.25 * median(times))
    count(record_property, "timed pairs of requests", _ROUNDS)


IN_TENANTS = [operation for operation in OPERATIONS if not isinstance(operation.access, SystemPermission)]


@pytest.mark.parametrize("operation", IN_TENANTS, ids=names)
async def test_ids_of_ones_own_tenant_are_the_control(world: World, operation: AnyOperation) -> None:
    """The owner's own ids in the same places get through: what is refused above is refused for being foreign."""
    refused = {_absent(operation, probed) for probed in places_of(operation)} - {200, 201}
    for example in (EXAMPLES[operation.name], *MORE_EXAMPLES.get(operation.name, ())):
        owner = await world.control(changes=operation.method != "GET")
        with world.walls():
            own = await owner.send(Example.of_fields(operation, example(owner.things)))
        assert own.status not in {404, 422, *refused}, own.body
        assert own.status != 403 or own.json()["code"] != "permission_missing", own.body


FILTERS = [(o, p) for o, p in PLACES if _absent(o, p) == 200 and p.path != (CURSOR,)]


@pytest.mark.parametrize(("operation", "place"), FILTERS, ids=lambda one: one.name)
async def test_filters_by_ones_own_are_the_control(world: World, operation: AnyOperation, place: IdPlace) -> None:
    """Where an absent id gives an empty list and no error, one's own gives something."""
    owner = await world.control(changes=operation.method != "GET")
    fields, told = _example(operation, place, owner.things), set()
    for things in (owner.things, Things.absent()):
        for id in things.of_kind(place.kind):
            for filled in place.fill(fields, id):
                with world.walls():
                    told.add((await owner.send(Example.of_fields(operation, filled))).body)
    assert len(told) > 1


OPEN = [operation for operation in CATALOG if isinstance(operation.access, Anyone)]


@pytest.mark.parametrize("operation", OPEN, ids=names)
async def test_open_operations_do_not_mix_tenants(world: World, operation: AnyOperation) -> None:
    """What anyone may call answers the same with a session of another tenant as with none."""
    with world.walls():
        statuses = {
            (await attacker.send(Example.of(operation, world.things))).status
            for attacker in world.attackers
            if attacker.name in {"owner", "anonymous"}
        }
    too_soon = {409, 429}  # of two polls at once the second comes too soon, whoever sends it
    assert len(statuses) == 1 or statuses == too_soon


ROUTES = [route for route in BROWSER_ROUTES if any(not place.is_tenant for place in places_of(route))]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_browser_routes(world: World, route: BrowserRoute, record_property: Any) -> None:
    """In the path of a browser route, too, another tenant's id answers as one that never was."""
    before = await world.fingerprints.of(world.victim.tenant.id)
    probed = 0
    for attacker in (attacker for attacker in world.attackers if not attacker.is_suspended):
        for place in (place for place in places_of(route) if not place.is_tenant):
            for pair in world.pairs(place):
                foreign, absent = [await _visit(world, attacker, route, place, id) for id in pair]
                assert foreign == absent, attacker.name
                assert absent[0] in ({404, 410} if attacker.is_in or route.access is None else {401})
                told = json.dumps(foreign[1:])
                assert not any(one in told for one in (*astuple(world.things), world.slug)), attacker.name
                probed += 1
    assert await world.fingerprints.of(world.victim.tenant.id) == before
    count(record_property, f"cross-tenant probes, {world.mode}", probed)


async def _visit(
    world: World, attacker: Attacker, route: BrowserRoute, place: IdPlace, id: str
) -> tuple[int, Any, dict[str, str]]:
    target = route.path.replace(f"{{{place.path[0]}}}", id)
    for other in places_of(route):
        own = getattr(attacker.things, other.path[0])
        target = target.replace(f"{{{other.path[0]}}}", own)
    with world.walls():
        if route.method == "GET":
            return _seen(await attacker.send(Example("GET", target, None)), id)
        if route.method == "PUT":
            return _seen(await Raw(world.stack, attacker.client).send("PUT", target, b"x"), id)
        return _seen(await Raw(world.stack, attacker.client).send("POST", target, *await _own_form(world)), id)


async def _own_form(world: World) -> tuple[Any, ...]:
    """Give the form that is a button alone, as a page of this server has it in the browser of the examples."""
    forms = await world.stack.central.container.get(FormTokens)
    body = urlencode({FORM_TOKEN: forms.issue(BINDING[1].partition("=")[2])}).encode()
    kind: Header = ("content-type", "application/x-www-form-urlencoded")
    own: list[Header] = [("origin", BASE_URL), ("sec-fetch-site", "same-origin")]
    return body, BINDING, kind, *own


INVITATION_ROUTES = [route for route in ROUTES if route.path == "/invitations/{tenant}/{token}"]


@pytest.mark.parametrize("route", INVITATION_ROUTES, ids=lambda route: route.name)
async def test_ones_own_invitation_is_the_control(world: World, route: BrowserRoute) -> None:
    """A link of the tenant itself gets through where another's is refused."""
    owner = await world.control(changes=False)
    (place,) = [place for place in places_of(route) if not place.is_tenant]
    with world.walls():
        target = f"/invitations/{owner.things.tenant}/{owner.things.token}"
        form = () if route.method == "GET" else await _own_form(world)
        reply = await Raw(world.stack).send(route.method, target, *form)
    assert place.kind == ("token",)
    assert reply.status == 200, reply.body

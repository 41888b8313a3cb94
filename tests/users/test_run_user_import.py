"""Imports of users: what rows do, whom they touch, and what stops them."""

import asyncio
from typing import Any

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import EventId
from central_client import AsyncCentral
from central_server.jobs.runs import JobRuns, JobStoppedError
from central_server.users.batches import UserBatches
from support.database import fingerprint, superuser
from support.importing import counted, errors_of, imported, queued, work_on
from support.place import Place


async def _events(place: Place) -> dict[str, int]:
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT kind, count(*) FROM outbox WHERE tenant_id = $1 GROUP BY kind", place.tenant.id.uuid
        )
    return {kind: count for kind, count in rows if kind.startswith(("user.", "job.", "sessions."))}


async def _more(place: Place, before: dict[str, int]) -> dict[str, int]:
    return {kind: more for kind, count in (await _events(place)).items() if (more := count - before.get(kind, 0))}


async def _state(place: Place) -> dict[str, str]:
    """Give all that a tenant has of people."""
    rows = await fingerprint(place.stack, place.tenant.id)
    return {name: rows[name] for name in ("users", "user_emails", "user_roles", "user_external_ids", "sessions")}


async def test_rows_become_users(place: Place) -> None:
    """A row may say all that creating a user does, in either spelling; each user has their event."""
    before, email = await _events(place), place.address("ada")
    rows = [
        {
            "email": email,
            "displayName": "Ada",
            "locale": "en",
            "time_zone": "Europe/London",
            "external_ids": {"hr": "1"},
            "tags": {"team": "blue"},
            "attributes": {"floor": 3},
            "roles": ["admin"],
        },
        {"email": place.address()},
    ]
    job = await imported(place, rows, roles=["member"])
    assert (job.state, counted(job)) == ("succeeded", {"created": 2})
    ada = await place.owner.users.get_by_external_id(source="hr", value="1")
    assert (ada.email, ada.display_name, ada.locale, ada.time_zone) == (email, "Ada", "en", "Europe/London")
    assert (ada.tags, ada.attributes, ada.roles, ada.email_verified) == (
        {"team": "blue"},
        {"floor": 3},
        ["admin"],
        False,
    )
    assert await _more(place, before) == {
        "user.created": 2,
        "user.import.requested": 1,
        "job.started": 1,
        "job.ended": 1,
    }
    assert await (await place.sign_in(ada)).users.me()


async def test_a_rerun_changes_nothing(place: Place) -> None:
    """The same rows again leave every row of the database as it was, and tell of no user."""
    rows: list[dict[str, Any]] = [
        {"email": place.address(), "external_ids": {"hr": str(n)}, "roles": ["admin"], "tags": {"n": str(n)}}
        for n in range(25)
    ]
    await imported(place, rows, size=10)
    before, state = await _events(place), await _state(place)
    job = await imported(place, rows, size=10, match="external_id", source="hr")
    assert counted(job) == {"unchanged": 25}
    assert await _state(place) == state
    assert not any(kind.startswith(("user.c", "user.u", "user.d")) for kind in await _more(place, before))


async def test_rows_change_users(place: Place) -> None:
    """What a row says is written over or merged, what it does not say stays, and only who changes is told of."""
    user = await place.owner.users.create(
        email=place.address("bo"), display_name="Bo", tags={"a": "1"}, attributes={"x": 1, "y": 2}, locale="de"
    )
    same = await place.owner.users.create(email=place.address("cy"), display_name="Cy")
    session, before = await place.sign_in(user), await _events(place)
    rows = [
        {
            "email": user.email.upper(),
            "display_name": "Bob",
            "locale": None,
            "tags": {"b": "2"},
            "attributes": {"x": None, "z": 3},
            "external_ids": {"hr": "7"},
        },
        {"email": same.email, "display_name": "Cy"},
    ]
    job = await imported(place, rows)
    assert counted(job) == {"updated": 1, "unchanged": 1}
    bob = await place.owner.users.get(user=user.id)
    assert (bob.email, bob.display_name, bob.locale, bob.version) == (user.email, "Bob", "de", user.version + 1)
    assert (bob.tags, bob.attributes) == ({"a": "1", "b": "2"}, {"y": 2, "z": 3})
    assert bob.external_ids == {"hr": "7"}
    assert (await _more(place, before))["user.updated"] == 1
    assert await session.users.me()  # who may do the same as before stays signed in


async def test_roles_of_rows(place: Place) -> None:
    """A row's roles take the place of those given by hand; whoever may do other things then signs in anew."""
    user = await place.user("member")
    session = await place.sign_in(user)
    job = await imported(place, [{"email": user.email, "roles": ["admin"]}, {"email": place.owner_user.email}])
    assert counted(job) == {"updated": 1, "unchanged": 1}
    assert (await place.owner.users.get(user=user.id)).roles == ["admin"]
    with pytest.raises(Exception, match="Sign in"):
        await session.users.me()


async def test_dry_run(place: Place) -> None:
    """A dry run counts what would happen, and leaves people and events as they are."""
    user, gone = await place.user("member"), await place.user("member")
    before, state = await _events(place), await _state(place)
    rows = [{"email": user.email, "display_name": "New"}, {"email": place.address()}]
    job = await imported(place, rows, dry_run=True, on_missing="disable", disable_limit=5)
    assert (job.state, counted(job)) == ("succeeded", {"created": 1, "updated": 1, "disabled": 1})
    assert await _state(place) == state
    assert set(await _more(place, before)) == {"user.import.requested", "job.started", "job.ended"}
    assert (await place.owner.users.get(user=gone.id)).state == "active"


async def test_errors_of_rows(place: Place) -> None:
    """What is wrong with a row is told by row, the others are done; rows that say the same are noticed over chunks."""
    taken, named = await place.user("member"), await place.user("member")
    await place.owner.users.set_external_id(user=named.id, source="crm", value="9")
    address = place.address("d")
    rows = [
        {"email": "nobody"},
        {"email": address, "external_ids": {"hr": "1"}},
        {"email": place.address(), "external_ids": {"hr": "1"}},
        {"email": address.upper(), "external_ids": {"hr": "2"}},
        {"email": place.address()},
        {"email": taken.email, "external_ids": {"hr": "3"}},
        {"email": place.address(), "external_ids": {"hr": "4", "crm": "9"}},
        {"email": place.address(), "external_ids": {"hr": "5"}, "roles": ["absent"]},
        {"email": place.address(), "external_ids": {"hr": "6"}, "time_zone": "Europe/Nowhere"},
        {"email": place.address(), "external_ids": {"hr": "8"}, "tenant": "other"},
        {"email": place.address(), "external_ids": {"hr": "10"}, "roles": ["owner"]},
    ]
    job = await imported(place, rows, size=2, match="external_id", source="hr")
    assert (job.state, counted(job)) == ("succeeded", {"created": 1, "failed": 10})
    assert await errors_of(place, job) == [
        (1, "email", "email"),
        (3, "externalIds.hr", "repeated"),
        (4, "email", "repeated"),
        (5, "externalIds.hr", "missing"),
        (6, "email", "email_taken"),
        (7, "externalIds.crm", "external_id_taken"),
        (8, "roles", "unknown_role"),
        (9, "timeZone", "unknown_time_zone"),
        (10, "tenant", "extra_forbidden"),
        (11, "roles", "owner"),
    ]


async def test_all_or_nothing(place: Place) -> None:
    """Asked for, one row with an error keeps all others from being done."""
    before = await place.owner.users.count()
    job = await imported(place, [{"email": place.address()}, {"email": "no"}], all_or_nothing=True)
    assert (job.state, counted(job)) == ("failed", {"failed": 1})
    assert job.error is not None
    assert (job.error.code, job.error.message) == (
        "rows_with_errors",
        "1 of 2 rows have errors; nothing was changed.",
    )
    assert await place.owner.users.count() == before


async def test_attributes_fit_the_schema(place: Place) -> None:
    """New and merged attributes are held against the tenant's schema."""
    user = await place.owner.users.create(email=place.address(), attributes={"floor": 1})
    schema = {"type": "object", "properties": {"floor": {"type": "integer"}}}
    await place.owner.users.set_attribute_rules(json_schema=schema)
    rows = [
        {"email": place.address(), "attributes": {"floor": "one"}},
        {"email": user.email, "attributes": {"floor": "two"}},
        {"email": place.address(), "attributes": {"floor": 3}},
    ]
    job = await imported(place, rows)
    assert counted(job) == {"created": 1, "failed": 2}
    assert [code for _, _, code in await errors_of(place, job)] == ["attribute", "attribute"]


async def test_addresses_of_users_stay(place: Place) -> None:
    """Found by another system's name, a user keeps their address: a row with another one is an error."""
    user = await place.user("member")
    await place.owner.users.set_external_id(user=user.id, source="hr", value="1")
    row = {"email": place.address(), "external_ids": {"hr": "1"}}
    job = await imported(place, [row], match="external_id", source="hr")
    assert await errors_of(place, job) == [(1, "email", "address_differs")]
    assert (await place.owner.users.get(user=user.id)).email == user.email


async def test_a_claim_finds_nobody(place: Place) -> None:
    """An address that somebody only said to be theirs leads to no user, and is not given to another."""
    user = await place.user("member")
    await place.owner.emails.add(user=user.id, email=(claimed := place.address()))
    job = await imported(place, [{"email": claimed, "display_name": "Somebody"}])
    assert await errors_of(place, job) == [(1, "email", "email_taken")]
    assert (await place.owner.users.get(user=user.id)).display_name != "Somebody"


async def _importer(place: Place) -> AsyncCentral:
    await place.owner.roles.create(
        slug="importer", name="Importer", permissions=["users:read", "units:read", "users:write"]
    )
    return await place.signed_in("importer")


async def test_nobody_gives_or_touches_more_than_they_hold(place: Place) -> None:
    """An import gives no role, and changes no person, beyond what its starter holds; owners it leaves alone."""
    importer, admin = await _importer(place), await place.user("admin")
    rows = [
        {"email": place.address(), "roles": ["admin"]},
        {"email": admin.email, "display_name": "Changed"},
        {"email": place.owner_user.email, "display_name": "Changed"},
        {"email": admin.email.replace("@", "+@"), "roles": ["member"]},
    ]
    job = await work_on(place, await queued(place, rows, by=importer))
    assert counted(job) == {"created": 1, "failed": 3}
    assert await errors_of(place, job) == [
        (1, "roles", "permission_not_held"),
        (2, "", "more_powerful"),
        (3, "", "owner"),
    ]
    owned = await imported(place, [{"email": place.owner_user.email, "display_name": "Changed"}])
    assert await errors_of(place, owned) == [(1, "", "owner")]


async def test_it_is_judged_when_it_runs(place: Place) -> None:
    """Whoever lost the permission, or was disabled, before a worker gets to their import, imports nobody."""
    for number, lose in enumerate(("permission", "account")):
        user = await place.user("admin")
        job = await queued(place, [{"email": (address := place.address())}], by=await place.sign_in(user))
        if lose == "permission":
            await place.owner.users.update(user=user.id, roles=["member"])
        else:
            await place.owner.users.disable(user=user.id)
        ended = await work_on(place, job)
        assert (ended.state, ended.error and ended.error.code) == (
            "failed",
            ("permission_missing", "user_disabled")[number],
        )
        assert [user async for user in place.owner.users.list(email=address)] == []


async def test_losing_the_permission_stops_it(place: Place) -> None:
    """Whoever loses the permission while their import runs keeps what it has done, and it does no more."""
    user = await place.user("admin")
    job = await queued(place, [{"email": place.address()} for _ in range(30)], size=10, by=await place.sign_in(user))
    people = await place.stack.central.container.get(UserBatches)
    create, done = people.create, []

    async def create_once(*arguments: Any) -> None:
        await create(*arguments)
        done.append(1)
        if len(done) == 2:
            await place.owner.users.update(user=user.id, roles=["member"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "create", create_once)
        ended = await work_on(place, job)
    assert (ended.state, ended.error and ended.error.code) == ("failed", "permission_missing")
    assert counted(ended) == {"created": 20}


async def test_missing_users_are_disabled(place: Place) -> None:
    """Whoever is in no row is disabled and signed out: but for owners, the starter, and who may do more than they."""
    importer = await _importer(place)
    kept, gone, admin, owner = [await place.user(role) for role in ("member", "member", "admin", "owner")]
    session, before = await place.sign_in(gone), await _events(place)
    how = {"on_missing": "disable", "disable_limit": 1}
    job = await work_on(place, await queued(place, [{"email": kept.email}], by=importer, **how))
    assert (job.state, counted(job)) == ("succeeded", {"unchanged": 1, "disabled": 1})
    states = {user.id: user.state async for user in place.owner.users.list()}
    assert {id for id, state in states.items() if state == "disabled"} == {gone.id}
    assert {kept.id, admin.id, owner.id} < states.keys()
    with pytest.raises(Exception, match="Sign in"):
        await session.users.me()
    more = await _more(place, before)
    assert (more["user.disabled"], more["sessions.ended"]) == (1, 1)


async def test_missing_are_those_of_the_source(place: Place) -> None:
    """Compared by a system's names, whoever it has no name for is not missing."""
    known, gone, unknown = [await place.user("member") for _ in range(3)]
    for user, value in ((known, "1"), (gone, "2")):
        await place.owner.users.set_external_id(user=user.id, source="hr", value=value)
    row = {"email": known.email, "externalIds": {"hr": "1"}}
    how: dict[str, Any] = {"match": "external_id", "source": "hr", "on_missing": "disable"}
    job = await imported(place, [row], disable_limit=1, **how)
    assert counted(job) == {"unchanged": 1, "disabled": 1}
    assert [(await place.owner.users.get(user=user.id)).state for user in (known, gone, unknown)] == [
        "active",
        "disabled",
        "active",
    ]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_the_limit_stops_it_before_anything_changes(place: Place, *, dry_run: bool) -> None:
    """More missing users than the limit fail the import, in words, and nothing has happened."""
    for _ in range(4):
        await place.user("member")
    state = await _state(place)
    how = {"on_missing": "disable", "disable_limit": 3, "dry_run": dry_run}
    job = await imported(place, [{"email": place.address()}], **how)
    assert (job.state, counted(job)) == ("failed", {})
    assert job.error is not None
    assert job.error.code == "disable_limit"
    assert job.error.message.startswith("4 of 4 would be disabled, and the limit is 3")
    assert await _state(place) == state


async def test_an_error_keeps_everybody_from_being_disabled(place: Place) -> None:
    """A row that cannot be read may be about anybody, so that nobody is taken for missing."""
    user = await place.user("member")
    how = {"on_missing": "disable", "disable_limit": 9}
    job = await imported(place, [{"email": place.address()}, {"email": "?"}], **how)
    assert (job.state, job.error and job.error.code) == ("failed", "rows_with_errors")
    assert (await place.owner.users.get(user=user.id)).state == "active"


async def test_whoever_becomes_an_owner_meanwhile_stays(place: Place) -> None:
    """A user who is made an owner in the moment of being disabled is an owner, and active."""
    user = await place.user("member")
    job = await queued(place, [{"email": place.address()}], on_missing="disable", disable_limit=9)
    people = await place.stack.central.container.get(UserBatches)
    lock, granting = people.lock_users, []

    async def lock_late(tenant, users, executor):
        granting.append(await place.owner.roles.grant(user=user.id, role="owner"))
        return await lock(tenant, users, executor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "lock_users", lock_late)
        ended = await work_on(place, job)
    assert (ended.state, counted(ended)) == ("succeeded", {"created": 1})
    assert (await place.owner.users.get(user=user.id)).state == "active"


async def test_users_who_come_meanwhile(place: Place) -> None:
    """Addresses that others take while a chunk is applied are errors of their rows, and the rest is done."""
    rows = [{"email": place.address()} for _ in range(10)]
    job = await queued(place, rows)
    people = await place.stack.central.container.get(UserBatches)
    create, taken = people.create, []

    async def create_late(*arguments: Any) -> None:
        if not taken:
            taken.append(await place.owner.users.create(email=rows[3]["email"], display_name="First"))
        await create(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "create", create_late)
        ended = await work_on(place, job)
    assert (ended.state, counted(ended)) == ("succeeded", {"created": 9, "unchanged": 1})
    assert (await place.owner.users.count(text=place.domain)).count == 11  # with the owner


async def test_two_workers_do_each_row_once(place: Place) -> None:
    """Two workers on one job, as when one was taken for dead, do every chunk once between them."""
    before = await _events(place)
    job = await queued(place, [{"email": place.address()} for _ in range(200)], size=10)
    ended = await asyncio.gather(*(work_on(place, job) for _ in range(3)))
    assert {one.state for one in ended} == {"succeeded"}
    job = await place.owner.jobs.get(job=job.id)
    assert counted(job) == {"created": 200}
    more = await _more(place, before)
    assert (more["user.created"], more["job.started"], more["job.ended"]) == (200, 1, 1)


async def test_a_place_that_has_moved(place: Place) -> None:
    """Of two workers that have a job at the same place, the second to write finds that it is not there any more."""
    job = await queued(place, [{"email": place.address()}])
    runs = await place.stack.central.container.get(JobRuns)
    first, second = [await runs.TX_begin(place.tenant.id, job.id, "validating") for _ in range(2)]
    assert first is not None
    assert first == second
    await runs.TX_advance(first, first.place._replace(position=1))
    with pytest.raises(JobStoppedError):
        await runs.TX_advance(first, first.place._replace(position=1))


async def test_what_is_needed_to_run(place: Place, admin: AsyncCentral) -> None:
    """An import without rows, with a chunk missing, of somebody else, or that was queued before is not queued."""
    job = await admin.users.start_import()
    with pytest.raises(ConflictError) as refusal:
        await admin.users.run_import(job=job.id)
    assert refusal.value.code == "no_rows"
    await admin.users.add_import_rows(job=job.id, chunk=1, rows=[{"email": place.address()}])
    with pytest.raises(ConflictError) as refusal:
        await admin.users.run_import(job=job.id)
    assert refusal.value.code == "chunk_missing"
    await admin.users.add_import_rows(job=job.id, chunk=0, rows=[{"email": place.address()}])
    with pytest.raises(NotFoundError):
        await place.owner.users.run_import(job=job.id)
    answers = await asyncio.gather(*(admin.users.run_import(job=job.id) for _ in range(4)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, ConflictError)} == {"job_not_receiving"}
    async with superuser(place.stack) as connection:
        query = "SELECT id FROM outbox WHERE tenant_id = $1 AND kind = 'user.import.requested'"
        (event,) = await connection.fetch(query, place.tenant.id.uuid)
    assert EventId.from_uuid(event["id"]).uuid == job.id.uuid


async def test_rows_are_gone_when_it_has_ended(place: Place) -> None:
    """What an import was given is not kept."""
    await imported(place, [{"email": place.address()}, {"email": "no"}])
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM job_chunks WHERE tenant_id = $1"
        assert await connection.fetchval(query, place.tenant.id.uuid) == 0

"""The walls themselves: that each mode of the cross-tenant matrix has the walls it says, and no statement only one."""

import ast

import pytest

from central.errors import ConflictError
from central.users.models import User
from central_server.users.service import UserService
from support.database import application, superuser
from support.place import make_place
from support.source import SOURCES
from support.tenant_predicates import (
    Stripping,
    all_queries,
    count_predicates,
    hidden_predicates,
    unnamed_tables,
    without_predicates,
)
from support.worlds import World, world

# Statements without the tenant, each with the reason. All but the last run as the platform, which sees all tenants.
WITHOUT_TENANT = {
    "auth_connectors.queries.secrets:LIST_SEALED_SECRETS": "rotating the vault's keys goes through all tenants",
    "auth_connectors.queries.secrets:SAMPLE_SEALED_SECRETS": "checking the vault's keys looks at some of all tenants",
    "auth_connectors.queries.secrets:LIST_EXPIRING": "the daily look at all secrets that come to their end",
    "auth.queries.identities:LIST_SEALED_PROFILES": "rotating the vault's keys",
    "tenants.queries:list_tenants": "operators list all tenants",
    "infra.outbox.statements.handovers:PLACE": "the relay puts the events of all tenants into the feed",
    "infra.outbox.statements.handovers:LIST_DUE": "the relay hands on the events of all tenants",
    "infra.outbox.statements.handovers:CLAIM": "the same",
    "infra.outbox.statements.handovers:CLAIM_AGAIN": "the same",
    "infra.outbox.statements.handovers:GIVE_UP": "the same",
    "infra.outbox.statements.handovers:LIST_BATCH": "a worker takes what it was told the number of",
    "infra.outbox.statements.handovers:SETTLE": "the same, for the event it has in hand",
    "infra.outbox.statements.backlog:BACKLOGS": "the relay counts what waits",
    "infra.outbox.statements.backlog:COUNT_UNPLACED": "the same",
    "infra.outbox.statements.backlog:LIST_FOLLOWERS": "the same, of what listeners inside the database have to go",
    "jobs.queries:COUNT_JOBS": "a core worker counts the jobs of all tenants for its metrics",
    "jobs.queries:COUNT_ENDED_JOBS": "the same",
    "infra.outbox.statements.backlog:LIST_DEAD": "operators see what was given up",
    "infra.outbox.statements.backlog:REDRIVE": "operators drive it again",
    "infra.outbox.statements.backlog:DELETE_SETTLED": "the hourly clean-up of what has ended in all tenants",
    "infra.outbox.statements.feed:READ_FEED_OF_ALL": "listeners inside the database follow all tenants",
    **dict.fromkeys(
        (
            f"tenant_deletions.queries:{name}"
            for name in (
                *("GET_DELETION", "LOCK_DELETION", "BEGIN_DELETION", "ADVANCE_DELETION", "NOTE_GONE", "END_DELETION"),
                *("LIST_DUE", "list_deletions"),
            )
        ),
        "operators and workers, on what is no part of a tenant",
    ),
    "tenant_archives.queries:LIST_ABANDONED": "the hourly clean-up, of what is no part of a tenant",
    "domains.queries:LIST_DUE": "the daily look at all domains that are due",
    "domains.queries:LIST_DUE_AFTER": "the same",
    "invitations.queries:LIST_SEALED_TOKENS": "the rotation of the vault's keys, which the operator runs",
    "sessions.queries:LIST_SEALED_ID_TOKENS": "the same",
    "auth.queries.ended:DELETE_LOGIN_TRANSACTIONS": "the hourly clean-up of what has ended in all tenants",
    "auth.queries.ended:DELETE_EMAIL_CODES": "the same",
    "auth_connectors.queries.trials:DELETE_TESTS": "the same",
    "infra.http.queries:DELETE_ANSWERS": "the same",
    "sessions.queries:DELETE_SESSIONS": "the same",
    "jobs.queries:DELETE_ENDED_JOBS": "the same",
    "jobs.queries:DELETE_UNRUN_JOBS": "the same",
    "images.queries:LIST_STAGED": "the same, of files that were sent and are not needed any more",
    "jobs.queries:LIST_EXPIRED_FILES": "the same, of files whose time is over",
    "events.queries:DELETE_OLD": "the same, of events that are older than their tenants keep them",
    "tool_sign_ins.queries:DELETE_TOOL_SIGN_INS": "the same",
    "users.queries.ended:DELETE_EMAIL_VERIFICATIONS": "the same",
    "users.queries.ended:LIST_ENDED_ROLES": "the look, every five minutes, at roles whose time has come",
    "units.queries.assignments:LIST_DUE": "the look, every minute, at assignments whose moment has come",
    "invitations.queries:LIST_RUN_OUT": "the same for invitations that have run out",
    "webhooks.queries.deliveries:PLAN_DELIVERIES": "the feed's reader begins deliveries of the events of all tenants",
    "webhooks.queries.deliveries:DELETE_DELIVERIES": "the hourly clean-up of what has ended in all tenants",
    "webhooks.queries.endpoints:COUNT_DISABLED": "the doctor looks at the endpoints of all tenants",
    "webhooks.queries.secrets:LIST_SEALED_SECRETS": "rotating the vault's keys goes through all tenants",
    "webhooks.queries.secrets:LIST_SECRETS_TO_SIGN": "a sender signs the deliveries of all tenants",
    "webhooks.queries.sending:BACKLOG": "the senders' metrics",
    "webhooks.queries.sending:CLAIM": "a sender takes on the deliveries of all tenants",
    "webhooks.queries.sending:GIVE_UP_UNWANTED": "the same",
    "webhooks.queries.sending:IS_ANY_DUE": "the same",
}


__all__ = ["world"]


def test_every_statement_names_the_tenant() -> None:
    """Every table of tenants' rows is read and changed by tenant, whatever row-level security would add."""
    found = {name for name, query in all_queries() if unnamed_tables(query.statement)}
    assert found == set(WITHOUT_TENANT), (
        "compare the tenant_id of each table with a parameter, or with that of a table that is; what works for all "
        "tenants goes into WITHOUT_TENANT with its reason"
    )


def test_statements_compare_tenants_in_the_one_form_that_is_known() -> None:
    """No tenant is compared by text, tuple or another operator: the mode without predicates would leave it in."""
    found = {name: hidden for name, query in all_queries() if (hidden := hidden_predicates(query.statement))}
    assert set(found) - set(WITHOUT_TENANT) == set(), found


def test_no_predicate_is_left() -> None:
    """Without its predicates a statement has none, and what it returns is the same."""
    seen = 0
    for name, query in all_queries():
        bare = without_predicates(query.statement)
        assert count_predicates(bare) == 0, name
        seen += count_predicates(query.statement)
    assert seen > 100


def test_statements_are_made_once_where_they_are_found() -> None:
    """Every statement is a name of its module, or made by a factory that keeps each shape: none escapes the tests."""
    for source in SOURCES:
        for function in source.functions():
            makes = any(isinstance(n, ast.Call) and _is_query(n.func) for n in ast.walk(function))
            decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
            assert not makes or "cache" in decorators, f"{source.name}: {function.name}"


def _is_query(callee: ast.expr) -> bool:
    return ast.unparse(callee).partition("[")[0] == "Query"


async def _by_filter(world: World) -> User | None:
    """Look for the victim's owner among the attackers' users as the platform, which the policies let see all."""
    users = await world.stack.central.container.get(UserService)
    async with users.db.platform_read("control") as reader:
        attacker = world.attackers[0].place.tenant.id
        return await users.get_user_by_id(attacker, world.victim.owner_user.id, reader)


async def test_mode_has_the_walls_that_it_says(world: World) -> None:
    """Control: where a wall is down, the other tenant's row is seen by what the wall kept it from."""
    victim, attacker = world.victim.tenant.id, world.attackers[0].place.tenant.id
    with world.walls():
        by_filter = await _by_filter(world)
    async with application(world.stack, attacker) as connection:
        by_policy = await connection.fetchval("SELECT count(*) FROM users WHERE tenant_id = $1", victim.uuid)
    assert (by_filter is None) == (world.mode != "row-level security alone")
    assert (by_policy == 0) == (world.mode != "filters alone")
    if world.mode == "row-level security alone":
        assert by_filter is not None
        assert by_filter.email == world.victim.owner_user.email
        assert world.stripping.removed > 0


async def test_stripping_ends_with_its_block(world: World) -> None:
    """Outside, the statements are whole again."""
    with Stripping().active():
        assert await _by_filter(world) is not None
    assert await _by_filter(world) is None


@pytest.mark.parametrize("which", ["current", "former", "look-alike"])
async def test_names_that_are_unique_over_all_tenants(world: World, which: str) -> None:
    """A slug that is or was another tenant's, or looks like it, is taken in every mode, and stays where it leads."""
    place = await make_place(world.stack)
    slug = {"current": world.slug, "former": world.former, "look-alike": f"{world.slug[:3]}-{world.slug[3:]}"}[which]
    with world.walls(), pytest.raises(ConflictError) as refusal:
        await place.owner.tenants.rename(slug=slug)
    assert refusal.value.code == "slug_taken"
    async with superuser(world.stack) as connection:
        assert await connection.fetchval("SELECT tenant_id FROM tenant_slugs WHERE slug = $1", world.former) == (
            world.victim.tenant.id.uuid
        )
        assert await connection.fetchval("SELECT slug FROM tenants WHERE id = $1", place.tenant.id.uuid) == (
            place.tenant.slug
        )

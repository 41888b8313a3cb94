"""What has long ended goes, a batch at a time; what is still needed stays."""

import asyncio
import json
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from temporalio.testing import ActivityEnvironment

from central.auth.models import SignedInPrivate
from central.openapi import openapi_document
from central_server.auth.activities.delete_ended_sign_ins import DeleteEndedSignInsActivity
from central_server.auth.ended import KEPT as SIGN_INS_KEPT
from central_server.auth.queries.ended import DELETE_EMAIL_CODES, DELETE_LOGIN_TRANSACTIONS
from central_server.auth_connectors.activities.delete_ended_tests import DeleteEndedTestsActivity
from central_server.auth_connectors.ended import KEPT as TESTS_KEPT
from central_server.auth_connectors.queries.trials import DELETE_TESTS
from central_server.infra.db import Query
from central_server.infra.http.activities.delete_answers import DeleteAnswersActivity
from central_server.infra.http.kept_answers import KEPT as ANSWERS_KEPT
from central_server.infra.http.queries import DELETE_ANSWERS
from central_server.infra.upkeep.batches import BATCH, MOST_BATCHES, delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.jobs.activities.delete_ended_jobs import DeleteEndedJobsActivity
from central_server.jobs.queries import DELETE_ENDED_JOBS, DELETE_UNRUN_JOBS
from central_server.sessions.activities.delete_ended_sessions import DeleteEndedSessionsActivity
from central_server.sessions.queries import DELETE_SESSIONS
from central_server.tool_sign_ins.activities.delete_ended_tool_sign_ins import DeleteEndedToolSignInsActivity
from central_server.tool_sign_ins.ended import KEPT as TOOLS_KEPT
from central_server.tool_sign_ins.queries import DELETE_TOOL_SIGN_INS
from central_server.users.activities.delete_ended_verifications import DeleteEndedVerificationsActivity
from central_server.users.ended import KEPT as VERIFICATIONS_KEPT
from central_server.users.queries.ended import DELETE_EMAIL_VERIFICATIONS
from support.database import superuser
from support.ended import add_ended, remaining
from support.place import Place, Stack
from support.provider import Provider
from support.signing_in import Browser, connect_provider, person, provider, sign_in_by_code
from support.tools import approved_device, start_device

__all__ = ["provider"]


class Kind(NamedTuple):
    """What goes: its table, who deletes it and how, by which index, and how long it is kept."""

    table: str
    activity: type
    method: str
    query: Query[None]
    index: str
    kept: timedelta
    changes: dict[str, str] = {}


KINDS = [
    Kind(
        "login_transactions",
        DeleteEndedSignInsActivity,
        "delete_login_transactions",
        DELETE_LOGIN_TRANSACTIONS,
        "ix_login_transactions_expires_at",
        SIGN_INS_KEPT,
    ),
    Kind(
        "email_codes",
        DeleteEndedSignInsActivity,
        "delete_email_codes",
        DELETE_EMAIL_CODES,
        "ix_email_codes_expires_at",
        SIGN_INS_KEPT,
    ),
    Kind(
        "email_verifications",
        DeleteEndedVerificationsActivity,
        "delete",
        DELETE_EMAIL_VERIFICATIONS,
        "ix_email_verifications_expires_at",
        VERIFICATIONS_KEPT,
    ),
    Kind(
        "tool_sign_ins",
        DeleteEndedToolSignInsActivity,
        "delete",
        DELETE_TOOL_SIGN_INS,
        "ix_tool_sign_ins_ended",
        TOOLS_KEPT,
    ),
    Kind(
        "connector_tests",
        DeleteEndedTestsActivity,
        "delete",
        DELETE_TESTS,
        "ix_connector_tests_expires_at",
        TESTS_KEPT,
    ),
    Kind(
        "idempotency_keys",
        DeleteAnswersActivity,
        "delete",
        DELETE_ANSWERS,
        "ix_idempotency_keys_created_at",
        ANSWERS_KEPT,
    ),
    Kind("jobs", DeleteEndedJobsActivity, "delete_ended", DELETE_ENDED_JOBS, "ix_jobs_ended_at", timedelta(days=90)),
    Kind(
        "jobs",
        DeleteEndedJobsActivity,
        "delete_unrun",
        DELETE_UNRUN_JOBS,
        "ix_jobs_receiving",
        timedelta(days=7),
        {"state": "'receiving'", "ended_at": "NULL::timestamptz"},
    ),
    Kind("sessions", DeleteEndedSessionsActivity, "delete", DELETE_SESSIONS, "ix_sessions_ended", timedelta(days=180)),
]
SESSIONS = KINDS[-1]
CODES = KINDS[1]
LONG_AGO = timedelta(days=1000)
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.table}-{kind.method}")


async def clean_up(stack: Stack, kind: Kind) -> DeleteEndedOutput:
    """Run a kind's activity once."""
    activity = await stack.central.container.get(kind.activity)
    return await ActivityEnvironment().run(getattr(activity, kind.method), DeleteEndedInput())


@kinds
async def test_what_was_kept_long_enough_goes(place: Place, kind: Kind) -> None:
    """Of rows of one age those go that ended just before the edge; those just after it stay, and what lives."""
    edge = timedelta(seconds=30)
    gone, kept, alive = await add_ended(
        place, kind.table, kind.kept + edge, kind.kept - edge, timedelta(minutes=-10), **kind.changes
    )
    done = await clean_up(place.stack, kind)
    assert done.is_last
    assert done.deleted >= 1
    assert await remaining(place, kind.table, [gone, kept, alive]) == [kept, alive]


@kinds
async def test_a_batch_reads_no_table(stack: Stack, kind: Kind) -> None:
    """Rows are chosen by an index on when they ended, and deleted by their place."""
    plan = kind.query.plan
    async with superuser(stack) as connection:
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        arguments = plan.arguments({"count": 500, "kept_seconds": 86_400}, None)
        lines = await connection.fetch(f"EXPLAIN {plan.text}", *arguments)
    text = "\n".join(line[0] for line in lines)
    assert f"Index Scan using {kind.index}" in text, text
    assert "Tid Scan" in text
    assert "Seq Scan" not in text
    assert "Sort" not in text


async def test_sessions_by_their_end(place: Place) -> None:
    """A session that was ended long before it had to counts from its end; one that had to end later is kept."""
    soon = {"expires_at": "now() + interval '1 day'", "ended_at": "now() - $4::interval"}
    edge = timedelta(minutes=1)
    gone, kept = await add_ended(place, "sessions", SESSIONS.kept + edge, SESSIONS.kept - edge, **soon)
    await clean_up(place.stack, SESSIONS)
    assert await remaining(place, "sessions", [gone, kept]) == [kept]
    assert (await place.owner.users.me()).id == place.owner_user.id


async def test_two_at_once(place: Place) -> None:
    """More than a batch, and two runs at once: each row is deleted once, and none is left."""
    ids = await add_ended(place, "email_codes", *[LONG_AGO] * (2 * BATCH + 100))
    done = await asyncio.gather(*(clean_up(place.stack, CODES) for _ in range(2)))
    last = await clean_up(place.stack, CODES)
    assert sum(run.deleted for run in (*done, last)) == len(ids)
    assert await remaining(place, "email_codes", ids) == []


async def test_nobody_is_waited_for(place: Place) -> None:
    """A row that somebody has locked is left for the next time."""
    locked, free = await add_ended(place, "email_codes", LONG_AGO, LONG_AGO)
    async with superuser(place.stack) as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM email_codes WHERE id = $1 FOR UPDATE", locked)
        async with asyncio.timeout(1.5):  # the database lets wait for two seconds
            await clean_up(place.stack, CODES)
        assert await remaining(place, "email_codes", [locked, free]) == [locked]
    await clean_up(place.stack, CODES)
    assert await remaining(place, "email_codes", [locked]) == []


async def test_signing_in_meanwhile(place: Place, provider: Provider) -> None:
    """Sign-ins by code, at a provider and of tools go through while everything is cleaned up again and again."""
    stop = asyncio.Event()

    async def keep_cleaning() -> int:
        rounds = 0
        while not stop.is_set():
            await add_ended(place, "email_codes", *[LONG_AGO] * 50)
            for kind in KINDS:
                await clean_up(place.stack, kind)
            rounds += 1
        return rounds

    provider.person = person(place.address())
    connector = await connect_provider(place, provider, allowed=[place.domain])
    cleaning = asyncio.create_task(keep_cleaning())
    for _ in range(5):
        user = await place.user()
        client = place.anonymous()
        async with Browser(place) as browser:
            assert (await browser.sign_in(provider, connector.id)).status_code == 303
            assert (await browser.client().users.me()).email == provider.person.email
        assert (await sign_in_by_code(place, client, user.email)).user.id == user.id
        tool = await approved_device(place, client)
        assert isinstance(await place.anonymous().auth.poll_device(device_code=tool.device_code), SignedInPrivate)
    waiting = await start_device(place.anonymous())
    stop.set()
    assert await cleaning > 1
    assert (await client.auth.get_device(user_code=waiting.user_code)).application == "central CLI"


async def test_a_run_is_bounded() -> None:
    """An activity goes on while batches are full, for a hundred of them, and adds to what was deleted before."""
    beats: list[Any] = []

    async def full(count: int) -> int:
        return count

    done = await delete_in_batches(DeleteEndedInput(deleted=7), full, lambda: beats.append(None))
    assert (done.deleted, done.is_last, len(beats)) == (7 + BATCH * MOST_BATCHES, False, MOST_BATCHES)


def test_what_is_promised_is_kept() -> None:
    """Answers are kept as long as the API says; what is counted, the verifications of an hour, for longer than that."""
    assert "get the first answer, for a day" in json.dumps(openapi_document())
    assert timedelta(days=1) == ANSWERS_KEPT
    assert min(VERIFICATIONS_KEPT, SIGN_INS_KEPT, TOOLS_KEPT) > timedelta(hours=1)

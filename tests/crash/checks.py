"""What is looked for in PostgreSQL when everything has come to rest."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from central.kernel.ids import EventId, UserId
from crash.diary import Diary, Person
from crash.stand import Stand

_OPEN = "SELECT count(*) FROM event_handovers WHERE state IN ('pending', 'handed')"
_UNSENT = "SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'"
_HURRY = "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'waiting' AND claimed_until IS NULL"
_NOT_FOLLOWED = "SELECT count(*) FROM outbox WHERE position > (SELECT min(position) FROM event_followers)"
_UNPLANNED = (
    "SELECT count(*) FROM outbox o JOIN webhook_endpoints e USING (tenant_id)"
    " WHERE o.created_at > e.created_at AND o.kind <> 'webhook.ping' AND NOT EXISTS (SELECT FROM webhook_deliveries d"
    " WHERE d.tenant_id = o.tenant_id AND d.event_id = o.id AND d.endpoint_id = e.id)"
)
_PLANNED = (
    "SELECT d.event_id, d.state, e.url FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id"
)
_UNPLACED = "SELECT count(*) FROM outbox WHERE position IS NULL"
_USERS = "SELECT id, email, display_name, state, tags ->> 'crash' AS tag, version FROM users WHERE tenant_id = $1"
_VERSIONS = (
    "SELECT target, (payload ->> 'version')::int AS version, count(*) AS count FROM outbox"
    " WHERE tenant_id = $1 AND target LIKE 'user-%' AND payload ->> 'version' IS NOT NULL GROUP BY 1, 2"
)
_DELETED = "SELECT target FROM outbox WHERE tenant_id = $1 AND kind = 'user.deleted'"
_REPEATED_KEYS = (
    "SELECT count(*) FROM (SELECT 1 FROM idempotency_keys GROUP BY tenant_id, user_id, key HAVING count(*) > 1) k"
)
_HEARD = "SELECT DISTINCT listener FROM event_handovers"
_NOT_HANDED = (
    "SELECT count(*) FROM outbox o JOIN unnest($1::text[], $2::text[]) AS heard(kind, listener) USING (kind)"
    " WHERE NOT EXISTS (SELECT FROM event_handovers h WHERE h.tenant_id = o.tenant_id AND h.event_id = o.id"
    " AND h.listener = heard.listener AND h.state = 'done')"
)
_MAILS = "SELECT id FROM outbox WHERE kind = 'invitation.mail_requested'"
_INVITED = "SELECT id FROM invitations"


@dataclass
class Findings:
    """What was wrong, by what was looked for, each with examples; and what is allowed and worth knowing."""

    lost: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.unwanted or self.duplicated or self.undelivered)


async def connect(stand: Stand) -> Any:
    """Connect as the superuser."""
    return await asyncpg.connect(stand.superuser_url, server_settings={"search_path": "central"})


async def drained(stand: Stand, seconds: float) -> None:
    """Wait until every event has its place, every listener its events and every receiver its webhooks.

    The waits of what is tried again are cut short, which are hours in the end. `TimeoutError` when it does not come.
    """
    waiting = (_UNPLACED, _OPEN, _NOT_FOLLOWED, _UNSENT)
    connection = await connect(stand)
    try:
        async with asyncio.timeout(seconds):
            while any([await connection.fetchval(query) for query in waiting]):
                await connection.execute(_HURRY)
                await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def examine(stand: Stand, diary: Diary, heard: Sequence[tuple[str, str]]) -> Findings:
    """Compare what callers were told with what is stored. `heard` are the kinds of events and who listens to each."""
    findings, connection = Findings(), await connect(stand)
    try:
        for place in stand.places:
            tenant = place.tenant.slug
            rows = {row["email"]: row for row in await connection.fetch(_USERS, place.tenant.id.uuid)}
            people = [person for person in diary.people if person.tenant == tenant]
            _compare(people, rows, findings)
            await _check_deletions(connection, place.tenant.id.uuid, people, findings)
            await _check_versions(connection, place.tenant.id.uuid, rows, findings)
            findings.unwanted += [f"refused and stored: {email}" for email in diary.refused if email in rows]
        if repeated := await connection.fetchval(_REPEATED_KEYS):
            findings.duplicated.append(f"{repeated} keys of idempotency with several answers")
        await _check_deliveries(connection, stand, heard, findings)
        invited = {str(row["id"]) for row in await connection.fetch(_INVITED)}
        missing = [id for id in diary.invited if str(_bits(id)) not in invited]
        findings.lost += [f"invitation acknowledged and not stored: {id}" for id in missing]
    finally:
        await connection.close()
    return findings


def _bits(id: Any) -> Any:
    return id.uuid


def _compare(people: list[Person], rows: dict[str, Any], findings: Findings) -> None:
    for person in people:
        row = rows.get(person.email)
        if person.presence == "there" and row is None:
            findings.lost.append(f"acknowledged and not stored: {person.email}")
        elif person.presence == "gone" and row is not None:
            findings.unwanted.append(f"deleted or refused, and stored: {person.email}")
        elif row is not None:
            wrong = [name for name, value in person.values.items() if not value.allows(row[name])]
            findings.lost += [f"change acknowledged and not stored: {name} of {person.email}" for name in wrong]


async def _check_deletions(connection: Any, tenant: Any, people: list[Person], findings: Findings) -> None:
    """Whoever is gone was deleted once, as an event tells: nobody went in any other way."""
    told = Counter(row["target"] for row in await connection.fetch(_DELETED, tenant))
    gone = [person for person in people if person.presence == "gone" and person.id is not None]
    findings.lost += [f"gone without a deletion: {person.email}" for person in gone if not told[person.id]]
    findings.duplicated += [f"deleted {n} times: {id}" for id, n in told.items() if n > 1]


async def _check_versions(connection: Any, tenant: Any, rows: dict[str, Any], findings: Findings) -> None:
    """Each version of each person has exactly one event: none without a change, no change without one."""
    told: dict[str, Counter[int]] = {}
    for row in await connection.fetch(_VERSIONS, tenant):
        told.setdefault(row["target"], Counter())[row["version"]] += row["count"]
    for row in rows.values():
        id, email = UserId.from_uuid(row["id"]), row["email"]
        counted = told.get(id, Counter())
        findings.duplicated += [f"version {v} of {email} told {n} times" for v, n in counted.items() if n > 1]
        untold = set(range(1, row["version"] + 1)) - counted.keys()
        findings.lost += [f"version {version} of {email} has no event" for version in sorted(untold)]
        findings.unwanted += [f"version {v} of {email} told, and not there" for v in counted if v > row["version"]]


async def _check_deliveries(
    connection: Any, stand: Stand, heard: Sequence[tuple[str, str]], findings: Findings
) -> None:
    kinds, listeners = [kind for kind, _ in heard], [listener for _, listener in heard]
    if missing := await connection.fetchval(_NOT_HANDED, kinds, listeners):
        findings.undelivered.append(f"{missing} events without the receipt of a listener")
    await _check_webhooks(connection, stand, findings)
    asked = {f"<{EventId.from_uuid(row['id'])}@" for row in await connection.fetch(_MAILS)}
    taken = Counter(id.partition("@")[0] + "@" for id in stand.mail.message_ids)
    findings.undelivered += [f"mail of {id}…> never came" for id in sorted(asked - taken.keys())]
    findings.notes["mails asked for"] = len(asked)
    findings.notes["mails that came more than once, as they may"] = sum(taken[id] > 1 for id in asked)


async def _check_webhooks(connection: Any, stand: Stand, findings: Findings) -> None:
    """Each event has one delivery to the endpoint of its tenant, and the receiver had it."""
    if missing := await connection.fetchval(_UNPLANNED):
        findings.undelivered.append(f"{missing} events without a delivery")
    planned = await connection.fetch(_PLANNED)
    keys = [f"/{row['url'].rpartition('/')[2]} {EventId.from_uuid(row['event_id'])}" for row in planned]
    findings.duplicated += [f"two deliveries: {key}" for key, count in Counter(keys).items() if count > 1]
    taken = stand.receiver.taken
    findings.undelivered += [f"webhook that never came: {key}" for key in keys if not taken[key]]
    findings.notes["webhooks"] = len(keys)
    findings.notes["webhooks that came more than once, as they may"] = sum(taken[key] > 1 for key in keys)

"""What `doctor` looks at: each part by itself, so that one that is wrong hides no other."""

import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from wireup import AsyncContainer

from central.errors import CentralError
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.cli.event_health import judge_events
from central_server.cli.failures import explain
from central_server.cli.schedule_health import judge
from central_server.cli.webhook_health import judge_webhooks
from central_server.cli.work_health import judge_jobs, judge_queues
from central_server.container import build_container
from central_server.infra.config import Settings, SettingsError
from central_server.infra.db import Database
from central_server.infra.db.inspection import DatabaseFacts, inspect_database
from central_server.infra.db.revision import HEAD, current_revision, problem_of
from central_server.infra.dns import TxtResolver
from central_server.infra.mail import Mailer
from central_server.infra.object_store import ObjectStore
from central_server.infra.outbound import OutboundClient
from central_server.infra.outbox import Relay
from central_server.infra.telemetry.starting import start_traces
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.pollers import look_at_queues
from central_server.infra.temporal.timetable import Timetable
from central_server.infra.vault import SigningKeys, Vault
from central_server.jobs.backlog import JobBacklog
from central_server.webhooks.claiming import DeliveryClaims
from central_server.webhooks.service import WebhookService
from central_server.worker.schedules import SCHEDULES

_SAMPLE = 20
_RECENT_DAYS = 7
_OLDEST_POSTGRES = 16


class Finding(NamedTuple):
    """What was found of one part: what is wrong and what to do about it, or None; and what it is."""

    part: str
    wrong: str | None
    detail: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Examine every part that the settings name."""
    findings = [Finding("settings", None, settings.environment), _traces(settings)]
    container = build_container(settings.model_copy(update={"traces": "off"}))
    findings += await _database_findings(settings, container)
    findings += await _temporal_findings(container)
    for part, check in (
        ("mail", _mail),
        ("files", _files),
        ("dns", _dns),
        ("vault keys", _vault_keys),
        ("signing keys", _signing_keys),
    ):
        findings.append(await _guarded(part, container, check))
    await (await container.get(OutboundClient)).aclose()
    return findings


async def _guarded(
    part: str, container: AsyncContainer, check: Callable[[AsyncContainer], Awaitable[Finding]]
) -> Finding:
    try:
        return await check(container)
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        return Finding(part, failure.line)


async def _database_findings(settings: Settings, container: AsyncContainer) -> list[Finding]:
    """Examine the database, and what can only be told when it answers."""
    try:
        facts = await inspect_database(settings.database_url.get_secret_value())
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        return [Finding("database", f"CENTRAL_DATABASE_URL: {failure.line}")]
    findings = [_version(facts), _role(facts), await _replica(settings)]
    if not facts.tables:
        return [*findings, Finding("migrations", "none has run: run `central-server migrate`")]
    findings.append(await _guarded("migrations", container, _migrations))
    findings.append(_row_security(facts))
    findings.append(await _guarded("stored secrets", container, _stored_secrets))
    findings.append(await _guarded("events", container, _events))
    findings.append(await _guarded("webhooks", container, _webhooks))
    findings.append(await _guarded("jobs", container, _jobs))
    return findings


def _traces(settings: Settings) -> Finding:
    try:
        traces = start_traces(settings, os.environ)
    except SettingsError as error:
        return Finding("traces", str(error))
    traces.close()
    return Finding("traces", None, "are sent to a collector" if traces.is_on else "are off")


def _version(facts: DatabaseFacts) -> Finding:
    if facts.version < _OLDEST_POSTGRES:
        return Finding("database", f"PostgreSQL {facts.version} is too old; Central needs {_OLDEST_POSTGRES} or newer")
    return Finding("database", None, f"PostgreSQL {facts.version} answers")


def _role(facts: DatabaseFacts) -> Finding:
    faults = {
        "is a superuser": facts.is_superuser,
        "has BYPASSRLS": facts.bypasses_rls,
        "must be NOINHERIT": facts.inherits,
        f"owns {', '.join(facts.owned)}": bool(facts.owned),
    }
    if wrong := [fault for fault, is_so in faults.items() if is_so]:
        advice = "use the role that `central-server migrate` made, central_app, in CENTRAL_DATABASE_URL"
        return Finding("database role", f"{facts.role} {', '.join(wrong)}: {advice}")
    return Finding("database role", None, f"{facts.role} neither owns the tables nor passes by row-level security")


def _row_security(facts: DatabaseFacts) -> Finding:
    if facts.unprotected:
        return Finding("row-level security", f"not enabled and forced on {', '.join(facts.unprotected)}: restore it")
    return Finding("row-level security", None, f"enabled and forced on {len(facts.tables)} tables")


async def _replica(settings: Settings) -> Finding:
    if settings.database_replica_url is None:
        return Finding("replica", None, "none is set")
    try:
        facts = await inspect_database(settings.database_replica_url.get_secret_value())
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        return Finding("replica", f"CENTRAL_DATABASE_REPLICA_URL: {failure.line}")
    return Finding("replica", None, f"PostgreSQL {facts.version} answers")


async def _migrations(container: AsyncContainer) -> Finding:
    database = await container.get(Database)
    await database.start()
    try:
        revision = await current_revision(database)
    finally:
        await database.close()
    if (problem := problem_of(revision)) is not None:
        return Finding("migrations", problem)
    newer = revision != HEAD
    return Finding(
        "migrations", None, f"at {revision}, {f'newer than the {HEAD} of this version' if newer else 'the newest'}"
    )


async def _stored_secrets(container: AsyncContainer) -> Finding:
    database = await container.get(Database)
    await database.start()
    try:
        opened, tried = await (await container.get(ClientSecrets)).TX_count_opened(_SAMPLE)
    finally:
        await database.close()
    if opened != tried:
        return Finding("stored secrets", f"{tried - opened} of {tried} do not open: CENTRAL_VAULT_KEYS lacks their key")
    return Finding("stored secrets", None, f"{opened} of {tried} tried open" if tried else "none are stored yet")


async def _webhooks(container: AsyncContainer) -> Finding:
    database = await container.get(Database)
    await database.start()
    try:
        backlog = await (await container.get(DeliveryClaims)).TX_backlog()
        disabled = await (await container.get(WebhookService)).TX_count_disabled(_RECENT_DAYS)
    finally:
        await database.close()
    return Finding("webhooks", *judge_webhooks(backlog["waiting"], backlog["oldest"], disabled))


async def _events(container: AsyncContainer) -> Finding:
    database = await container.get(Database)
    await database.start()
    try:
        return Finding("events", *judge_events(await (await container.get(Relay)).measure()))
    finally:
        await database.close()


async def _jobs(container: AsyncContainer) -> Finding:
    database = await container.get(Database)
    await database.start()
    try:
        backlog = await container.get(JobBacklog)
        await backlog.measure()
        return Finding("jobs", *judge_jobs(backlog.counts, backlog.ended))
    finally:
        await database.close()


async def _temporal_findings(container: AsyncContainer) -> list[Finding]:
    """Examine Temporal, and what can only be told when it answers."""
    finding = await _guarded("temporal", container, _temporal)
    if finding.wrong:
        return [finding]
    queues = await _guarded("queues", container, _queues)
    return [finding, queues, await _guarded("schedules", container, _schedules)]


async def _queues(container: AsyncContainer) -> Finding:
    return Finding("queues", *judge_queues(await look_at_queues(await container.get(TemporalConnection))))


async def _schedules(container: AsyncContainer) -> Finding:
    states = await Timetable(await container.get(TemporalConnection), SCHEDULES).look()
    return Finding("schedules", *judge(states, datetime.now(UTC)))


async def _temporal(container: AsyncContainer) -> Finding:
    temporal = await container.get(TemporalConnection)
    if await temporal.healthy(timeout=5.0):
        return Finding("temporal", None, f"{temporal.address} answers and has the namespace {temporal.namespace}")
    try:
        await temporal.client()
    except CentralError:
        return Finding("temporal", f"nothing answers at {temporal.address}: see CENTRAL_TEMPORAL_ADDRESS and _TLS")
    return Finding(
        "temporal",
        f"{temporal.address} has no namespace {temporal.namespace}: make it, or see CENTRAL_TEMPORAL_NAMESPACE",
    )


async def _mail(container: AsyncContainer) -> Finding:
    mailer = await container.get(Mailer)
    await mailer.check()
    return Finding("mail", None, f"could be sent now, from {mailer.host}")


async def _files(container: AsyncContainer) -> Finding:
    store, settings = await container.get(ObjectStore), await container.get(Settings)
    if not await store.works():
        return Finding("files", "what was written is not what is read: see CENTRAL_OBJECT_STORE_URL")
    if settings.presigned_uploads and not await store.signs():
        return Finding("files", "a folder takes no file by itself: unset CENTRAL_PRESIGNED_UPLOADS")
    return Finding("files", None, "could be written and read now")


async def _dns(container: AsyncContainer) -> Finding:
    resolver = await container.get(TxtResolver)
    if await resolver.answers():
        return Finding("dns", None, f"the resolver answers: {resolver}")
    return Finding("dns", f"no answer from {resolver}: no domain can be verified; see CENTRAL_DNS_RESOLVERS")


async def _vault_keys(container: AsyncContainer) -> Finding:
    vault, text = await container.get(Vault), secrets.token_bytes(16)
    if vault.open(vault.seal(text, "doctor"), "doctor") != text:
        return Finding("vault keys", "what was sealed does not open")
    return Finding("vault keys", None, "seal and open")


async def _signing_keys(container: AsyncContainer) -> Finding:
    keys = await container.get(SigningKeys)
    if not keys.verify("doctor", b"doctor", keys.sign("doctor", b"doctor")):
        return Finding("signing keys", "what was signed is not recognised")
    return Finding("signing keys", None, "sign and verify")

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar, cast

from central.errors import ConflictError, FieldError, NotFoundError, ValidationFailedError
from central.kernel.ids import TenantId
from central.kernel.times import in_json
from central.tenants.events import SessionPolicyChanged
from central.tenants.models import SessionLifetimes, SessionPolicy, UpdateSessionPolicyInput
from central_server.infra.actor import Actor
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.sessions.inputs import Lifetimes, in_seconds
from central_server.sessions.service import SessionService
from central_server.tenants import queries
from central_server.tenants.tables import DBSessionPolicy

T = TypeVar("T")
_FIELDS = {
    "member_idle_timeout": ("member_idle_seconds", "memberIdleTimeout"),
    "member_lifetime": ("member_lifetime_seconds", "memberLifetime"),
    "admin_idle_timeout": ("admin_idle_seconds", "adminIdleTimeout"),
    "admin_lifetime": ("admin_lifetime_seconds", "adminLifetime"),
}
"""The fields of a policy, with their columns and their names in JSON."""


class SessionPolicyService:
    """How long sessions live in a tenant: at most as long as the server allows.

    The look-up of a session judges by what holds at that moment, so that a change acts at once, as does a server
    that is started with shorter lifetimes than a tenant's.
    """

    def __init__(self, db: Database, outbox: Outbox, sessions: SessionService, settings: Settings) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.server = SessionLifetimes(
            member_idle_timeout=settings.member_idle_timeout,
            member_lifetime=settings.member_session_lifetime,
            admin_idle_timeout=settings.admin_idle_timeout,
            admin_lifetime=settings.admin_session_lifetime,
        )

    async def get_own(self, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> SessionPolicy:
        """Give the policy of the actor's tenant."""
        return self._policy(actor.tenant_id, await self._row(actor.tenant_id, executor))

    async def lifetimes_of(
        self, tenant: TenantId, executor: ReadExecutor | WriteExecutor | None = None, *, powerful: bool
    ) -> Lifetimes:
        """Give how long a new session lives: of somebody who may change things, or only read."""
        now = self._policy(tenant, await self._row(tenant, executor)).effective
        if powerful:
            return Lifetimes(now.admin_idle_timeout, now.admin_lifetime)
        return Lifetimes(now.member_idle_timeout, now.member_lifetime)

    async def TX_update(self, input: UpdateSessionPolicyInput, actor: Actor) -> SessionPolicy:
        """Change the policy; `ValidationFailedError` beyond the server's, `ConflictError` for a stale version."""
        self._check_server_allows(input)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            locked = await tx.first(queries.LOCK_SESSION_POLICY, id=actor.tenant_id)
            before = _found(locked)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError("Somebody else changed this tenant first; read it again.", code="version_conflict")
            await self.sessions.end_faded_sessions(actor.tenant_id, tx)
            row = await tx.first(queries.SET_SESSION_POLICY, of_id=actor.tenant_id, **_changed(input, before))
            changed = SessionPolicyChanged.between(_told(before), _told(_found(row)), tenant_id=actor.tenant_id)
            await self.outbox.add(changed, actor.by, tx)
        return self._policy(actor.tenant_id, _found(row))

    async def _row(self, tenant: TenantId, executor: ReadExecutor | WriteExecutor | None) -> DBSessionPolicy:
        row = await (executor or self.db.read(tenant)).first(queries.GET_SESSION_POLICY, id=tenant)
        return _found(row)

    def _policy(self, tenant: TenantId, row: DBSessionPolicy) -> SessionPolicy:
        columns = cast("Mapping[str, int | None]", row)
        own = {field: _span(columns[column]) for field, (column, _) in _FIELDS.items()}
        shorter = {field: _shorter(own[field], getattr(self.server, field)) for field in _FIELDS}
        return SessionPolicy(
            tenant_id=tenant, **own, server=self.server, effective=SessionLifetimes(**shorter), version=row["version"]
        )

    def _check_server_allows(self, input: UpdateSessionPolicyInput) -> None:
        errors: list[FieldError] = []
        for field, (_, alias) in _FIELDS.items():
            asked, most = getattr(input, field), getattr(self.server, field)
            if asked is not None and asked > most:
                message = f"A tenant may only shorten what the server allows: at most {in_json(most)}"
                errors.append(FieldError(field=alias, code="longer_than_server", message=message))
        if errors:
            names = ", ".join(error.field for error in errors)
            raise ValidationFailedError(f"Something is wrong with {names}.", field_errors=errors)


def _changed(input: UpdateSessionPolicyInput, before: DBSessionPolicy) -> dict[str, int | None]:
    """Give the new values of the columns; what the input does not name stays."""
    changed, columns = dict[str, int | None](), cast("Mapping[str, int | None]", before)
    for field, (column, _) in _FIELDS.items():
        asked: timedelta | None = getattr(input, field)
        given = field in input.model_fields_set
        changed[f"new_{column}"] = (None if asked is None else in_seconds(asked)) if given else columns[column]
    return changed


def _told(row: DBSessionPolicy) -> dict[str, Any]:
    """Give a policy as its event tells of it."""
    columns = cast("Mapping[str, int | None]", row)
    spans = {field: _span(columns[column]) for field, (column, _) in _FIELDS.items()}
    told = {field: None if span is None else in_json(span) for field, span in spans.items()}
    return {**told, "version": row["version"]}


def _shorter(own: timedelta | None, server: timedelta) -> timedelta:
    return server if own is None else min(own, server)


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("tenant")
    return value

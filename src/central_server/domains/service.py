import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from central.domains.events import (
    DomainCreated,
    DomainDeleted,
    DomainFailing,
    DomainLapsed,
    DomainUpdated,
    DomainVerified,
)
from central.domains.models import (
    CreateDomainInput,
    DeleteDomainInput,
    Domain,
    DomainState,
    GetDomainInput,
    ListDomainsInput,
    ListDomainsResponse,
    UpdateDomainInput,
    VerifyDomainInput,
)
from central.errors import ConflictError, NotFoundError
from central.kernel.ids import AuthConnectorId, DomainId, TenantId
from central_server.auth_connectors.service import AuthConnectorService
from central_server.domains import queries
from central_server.domains.mapping import domain_from
from central_server.domains.policy import (
    CHECKED_EVERY,
    TEMPORARY,
    TRIED_AGAIN_AFTER,
    check_room,
    claimable_name,
    judge,
    next_state,
    shown_values,
)
from central_server.domains.specs import DuePosition
from central_server.domains.tables import DBDomain, DBDueDomain, DBHolder, DBQuestion
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, Unit, WriteExecutor, register_conflict
from central_server.infra.dns import TxtLookup, TxtResolver, challenge_name, lineage, normalise
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor

T = TypeVar("T")
_TOKEN_BYTES = 20
_EVENTS: dict[DomainState, type[DomainVerified | DomainFailing | DomainLapsed]] = {
    "verified": DomainVerified,
    "failing": DomainFailing,
    "lapsed": DomainLapsed,
}

register_conflict(
    "uq_domains_name", lambda: ConflictError("The tenant has claimed this domain already.", code="domain_exists")
)
register_conflict(
    "uq_domains_verified_name",
    lambda: ConflictError("Another tenant has verified this domain.", code="domain_verified_elsewhere"),
)


class Route(NamedTuple):
    """Where the people of a verified domain sign in; without a connector they choose one of the tenant's."""

    tenant_id: TenantId
    tenant_slug: str
    connector_id: AuthConnectorId | None


class Checked(NamedTuple):
    """A domain after a look for its proof, and whether its state changed by it."""

    row: DBDomain
    changed: bool


class DomainService:
    """The domains of tenants.

    Anybody may claim a domain, and one tenant at most has it verified: whoever publishes the claim's token in the
    DNS. Only verified domains count, and the nearest one decides for a name, whichever tenant's it is. A proof that
    has gone is waited for through the grace period; resolvers that fail to answer change nothing.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        auth_connectors: AuthConnectorService,
        resolver: TxtResolver,
        settings: Settings,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.auth_connectors = auth_connectors
        self.resolver = resolver
        self.grace = settings.domain_grace_period
        self.allow_free_mail = settings.allow_free_mail_domains
        self.log = component_logger(self)

    async def get_domain_by_id(
        self, tenant: TenantId, domain: DomainId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Domain | None:
        """Find a domain."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_DOMAIN, tenant_id=tenant, id=domain)
        return None if row is None else domain_from(row)

    async def with_domain_by_id(
        self,
        tenant: TenantId,
        domain: DomainId,
        use: Callable[[Domain], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a domain and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_domain_by_id(tenant, domain, executor)))

    async def get(
        self, input: GetDomainInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Domain:
        """Give a domain of the actor's tenant."""
        return _found(await self.get_domain_by_id(actor.tenant_id, input.domain, executor))

    async def list(
        self, input: ListDomainsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListDomainsResponse:
        """Give a page of the domains of the actor's tenant, oldest first."""
        asked, position = open_cursor(input)
        which: dict[str, Any] = {"tenant_id": actor.tenant_id, "count": asked.limit + 1}
        query = queries.LIST_DOMAINS
        if position is not None:
            query = queries.LIST_DOMAINS_AFTER
            which |= {"after_key": position.time, "after_id": position.id}
        rows = await (executor or self.db.read(actor.tenant_id)).all(query, **which)
        cursor = None
        if len(rows) > asked.limit:
            last = rows[asked.limit - 1]
            cursor = next_cursor(asked, last["created_at"], last["id"])
        return ListDomainsResponse(domains=list(map(domain_from, rows[: asked.limit])), next_cursor=cursor)

    async def TX_create_domain(self, input: CreateDomainInput, actor: Actor) -> Domain:
        """Claim a domain; `ConflictError` for one that the tenant has claimed already, or has no room for."""
        name = claimable_name(input.name, allow_free_mail=self.allow_free_mail)
        id = DomainId.new()
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._hold_connector(actor.tenant_id, input.connector, tx)
            await tx.first(queries.LOCK_CLAIMS, claims_key=f"claims|{actor.tenant_id}")
            check_room(await tx.scalar(queries.COUNT_CLAIMS, tenant_id=actor.tenant_id))
            row = await tx.first(
                queries.INSERT_DOMAIN,
                tenant_id=actor.tenant_id,
                id=id,
                name=name,
                token=secrets.token_hex(_TOKEN_BYTES),
                include_subdomains=input.include_subdomains,
                connector_id=input.connector,
            )
            await self.outbox.add(DomainCreated(tenant_id=actor.tenant_id, domain_id=id, version=1), actor.by, tx)
        return domain_from(_found(row))

    async def TX_update_domain(self, input: UpdateDomainInput, actor: Actor) -> Domain:
        """Change a domain; `ConflictError` for a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            # Before the domain, in the order of whoever deletes the connector.
            await self._hold_connector(actor.tenant_id, input.connector, tx)
            locked = await tx.first(
                queries.LOCK_DOMAIN, tenant_id=actor.tenant_id, id=input.domain, grace_seconds=_seconds(self.grace)
            )
            before = _found(locked)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError("Somebody else changed this domain first; read it again.", code="version_conflict")
            row = await tx.first(
                queries.UPDATE_DOMAIN,
                of_tenant=actor.tenant_id,
                of_id=input.domain,
                new_include_subdomains=_given(input, "include_subdomains", before["include_subdomains"]),
                new_connector_id=_given(input, "connector", before["connector_id"]),
            )
            updated = DomainUpdated.between(before, _found(row), tenant_id=actor.tenant_id, domain_id=input.domain)
            await self.outbox.add(updated, actor.by, tx)
        return domain_from(_found(row))

    async def TX_verify_domain(self, input: VerifyDomainInput, actor: Actor) -> Domain:
        """Look for a domain's proof now; `ConflictError` when another tenant has the domain verified."""
        checked = await self._check(actor.tenant_id, input.domain, actor.by, actor.unit)
        return domain_from(_found(checked).row)

    async def TX_delete_domain(self, input: DeleteDomainInput, actor: Actor) -> None:
        """Give a domain up."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            if not await tx.execute(queries.DELETE_DOMAIN, tenant_id=actor.tenant_id, id=input.domain):
                raise NotFoundError.of("domain")
            await self.outbox.add(DomainDeleted(tenant_id=actor.tenant_id, domain_id=input.domain), actor.by, tx)

    async def TX_recheck_domain(self, tenant: TenantId, domain: DomainId) -> bool:
        """Look for a verified domain's proof again; whether its state changed by that."""
        checked = await self._check(tenant, domain, SYSTEM, None)
        return checked is not None and checked.changed

    async def TX_list_due(self, after: DuePosition | None, count: int) -> Sequence[DBDueDomain]:
        """List verified domains of all tenants that are due to be looked for again, in the order of their turn."""
        async with self.db.platform_read("domains are due", routine=True) as reader:
            if after is None:
                return await reader.all(queries.LIST_DUE, count=count)
            return await reader.all(
                queries.LIST_DUE_AFTER, count=count, after_time=after.next_check_at, after_id=after.domain_id
            )

    async def is_verified_for(
        self, tenant: TenantId, address: str, executor: ReadExecutor | WriteExecutor | None = None
    ) -> bool:
        """Whether a domain that the tenant has verified counts for an email address."""
        holder = await self._find_holder(_names_of(address), executor or self.db.read(tenant))
        return holder is not None and holder["tenant_id"] == tenant

    async def hold_verified_for(self, tenant: TenantId, address: str, executor: WriteExecutor) -> bool:
        """As `is_verified_for`, and keep the domain verified until the transaction ends."""
        names = _names_of(address)
        holder = await self._find_holder(names, executor)
        if holder is None or holder["tenant_id"] != tenant:
            return False
        held = await executor.first(queries.HOLD_DOMAIN, tenant_id=tenant, id=holder["domain_id"], name=names[0])
        return held is not None

    async def find_route(self, address: str, executor: ReadExecutor | WriteExecutor | None = None) -> Route | None:
        """Find where the people of an address's domain sign in, before any tenant is known.

        The work is the same for every address, be it one or not: one statement, which reads the same indexes.
        """
        holder = await self._find_holder(_names_of(address), executor or self.db.unscoped())
        if holder is None or holder["tenant_state"] != "active":
            return None
        return Route(holder["tenant_id"], holder["tenant_slug"], holder["connector_id"])

    async def _find_holder(self, names: Sequence[str], reader: ReadExecutor) -> DBHolder | None:
        return await reader.first(queries.FIND_HOLDER, names=names)

    async def _hold_connector(self, tenant: TenantId, connector: AuthConnectorId | None, tx: WriteExecutor) -> None:
        if connector is not None:
            await self.auth_connectors.hold_auth_connector(tenant, connector, tx)

    async def _check(self, tenant: TenantId, domain: DomainId, by: By, unit: Unit | None) -> Checked | None:
        """Ask the DNS, with no transaction open, and then record the answer; None when there is no such domain."""
        question = await self.db.autocommit(tenant).first(queries.ASK, tenant_id=tenant, id=domain)
        if question is None:
            return None
        found = await self.resolver.look_up(challenge_name(question["name"]))
        async with self.db.write(tenant, unit) as tx:
            return await self._record(tenant, domain, question, found, by, tx)

    async def _record(
        self, tenant: TenantId, domain: DomainId, question: DBQuestion, found: TxtLookup, by: By, tx: WriteExecutor
    ) -> Checked | None:
        before = await tx.first(queries.LOCK_DOMAIN, tenant_id=tenant, id=domain, grace_seconds=_seconds(self.grace))
        if before is None:
            return None
        if before["checked_at"] is not None and before["checked_at"] >= question["asked_at"]:
            # Somebody asked later, and has the answer already: this one may be out of date.
            return Checked(before, changed=False)
        outcome = judge(found, question["token"])
        state = next_state(before["state"], outcome, grace_is_over=before["grace_is_over"])
        changed = state != before["state"]
        row = await tx.first(
            queries.BECOME[state] if changed else queries.KEEP_STATE,
            of_tenant=tenant,
            of_id=domain,
            asked_at=question["asked_at"],
            next_seconds=_seconds(TRIED_AGAIN_AFTER if outcome in TEMPORARY else CHECKED_EVERY),
            outcome=outcome,
            found=shown_values(found.values) if outcome == "other_records" else [],
        )
        if changed:
            await self.outbox.add(_EVENTS[state](tenant_id=tenant, domain_id=domain), by, tx)
            self.log.info("domain changed", domain=domain, state=state, outcome=outcome)
        return Checked(_found(row), changed)


def _names_of(address: str) -> Sequence[str]:
    """Give the domain of an address and those above it; for what is no address, a name that nobody has."""
    try:
        return lineage(normalise(address.rpartition("@")[2]))
    except ValueError:
        return [""]


def _given(input: UpdateDomainInput, name: str, present: T) -> T:
    """Give the new value of a field, or the present one when the input has none."""
    new: T = getattr(input, name)
    return new if name in input.model_fields_set else present


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("domain")
    return value

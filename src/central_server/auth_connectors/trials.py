from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from central.auth_connectors.events import ConnectorTestEnded, ConnectorTestStarted
from central.auth_connectors.trials import (
    ConnectorTest,
    GetConnectorTestInput,
    StartConnectorTestInput,
    StartConnectorTestResponse,
)
from central.errors import ConflictError, GoneError, NotFoundError
from central.kernel.ids import ConnectorTestId, TenantId
from central_server.auth_connectors.mapping import MAIL
from central_server.auth_connectors.queries import trials as queries
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBConnectorTest
from central_server.infra.actor import Actor, By
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.tokens import new_token, token_hash

LIFETIME = timedelta(minutes=10)
_HIDDEN = {"settings_version", "binding_hash", "result", "over"}


class ConnectorTrials:
    """Test sign-ins, as rows: whoever has the link goes there once, with one browser, within ten minutes."""

    def __init__(self, db: Database, outbox: Outbox, auth_connectors: AuthConnectorService, settings: Settings) -> None:
        self.db = db
        self.outbox = outbox
        self.auth_connectors = auth_connectors
        self.public_url = settings.public_url

    async def TX_start(self, input: StartConnectorTestInput, actor: Actor) -> StartConnectorTestResponse:
        """Begin a test, and give its link; `ConflictError` for mailed codes, which need none."""
        token = new_token()
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            connector = await self.auth_connectors.get_auth_connector_by_id(actor.tenant_id, input.connector, tx)
            if connector is None:
                raise NotFoundError.of("auth connector")
            if connector["kind"] == MAIL:
                raise ConflictError("Mailed codes need no test sign-in.", code="no_test_needed")
            row = await tx.first(
                queries.INSERT_TEST,
                tenant_id=actor.tenant_id,
                id=ConnectorTestId.new(),
                connector_id=input.connector,
                settings_version=connector["settings_version"],
                token_hash=token_hash(token),
                started_by=actor.user_id,
                lifetime_seconds=int(LIFETIME.total_seconds()),
            )
            assert row is not None, "an INSERT returns its row or raises"
            event = ConnectorTestStarted(tenant_id=actor.tenant_id, connector_id=input.connector, test_id=row["id"])
            await self.outbox.add(event, actor.by, tx)
        link = f"{self.public_url}/t/{actor.tenant_id}/connector-tests/{row['id']}?key={token}"
        return StartConnectorTestResponse(test=_test_from(row), link=link)

    async def get(
        self, input: GetConnectorTestInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ConnectorTest:
        """Give a test of the actor's tenant, as it is now."""
        which = {"tenant_id": actor.tenant_id, "connector_id": input.connector, "id": input.test}
        row = await (executor or self.db.read(actor.tenant_id)).first(queries.GET_TEST, **which)
        return _test_from(_found(row))

    async def find(
        self,
        tenant: TenantId,
        test: str,
        key: str,
        binding: str,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> ConnectorTest:
        """Find a test by its link, or for the browser that has gone on with it; `NotFoundError` for none."""
        which = {"tenant_id": tenant, "id": _id(test), "token": token_hash(key), "binding": token_hash(binding)}
        row = await (executor or self.db.autocommit(tenant)).first(queries.FIND_TEST, **which)
        return _test_from(_found(row))

    async def TX_bind(self, tenant: TenantId, test: str, key: str, binding: str) -> DBConnectorTest:
        """Let a browser go on with a test; `GoneError` when its time is over, or another browser did."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(
                queries.BIND_TEST,
                of_tenant=tenant,
                of_id=_id(test),
                token=token_hash(key),
                binding=token_hash(binding),
            )
        if row is None:
            raise GoneError("This test has ended, or goes on in another browser; begin anew.", code="test_ended")
        return row

    async def TX_end(
        self, tenant: TenantId, test: ConnectorTestId, result: Mapping[str, Any], by: By, *, succeeded: bool
    ) -> None:
        """Record what came of a test; the connector counts as tested if that succeeded with its settings of then."""
        async with self.db.write(tenant) as tx:
            state = "succeeded" if succeeded else "failed"
            row = await tx.first(
                queries.END_TEST, of_tenant=tenant, of_id=test, new_state=state, new_result=dict(result)
            )
            if row is None:
                return
            connector = row["connector_id"]
            if succeeded:
                await self.auth_connectors.note_tested(tenant, connector, row["settings_version"], tx)
            event = ConnectorTestEnded(tenant_id=tenant, connector_id=connector, test_id=test, succeeded=succeeded)
            await self.outbox.add(event, by, tx)


def _id(test: str) -> ConnectorTestId:
    try:
        return ConnectorTestId(test)
    except ValueError:
        raise NotFoundError.of("connector test") from None


def _test_from(row: DBConnectorTest) -> ConnectorTest:
    state = "expired" if row["state"] == "pending" and row["over"] else row["state"]
    shown = {name: value for name, value in row.items() if name not in _HIDDEN}
    return ConnectorTest.model_validate({**(row["result"] or {}), **shown, "state": state})


def _found(row: DBConnectorTest | None) -> DBConnectorTest:
    if row is None:
        raise NotFoundError.of("connector test")
    return row

from datetime import timedelta
from typing import NamedTuple

from central.errors import UnavailableError
from central.kernel.ids import SignInId
from central.tenants.models import Tenant
from central.tool_sign_ins.models import (
    StartDeviceSignInInput,
    StartDeviceSignInResponse,
    StartLoopbackSignInInput,
    StartLoopbackSignInResponse,
    ToolInput,
)
from central_server.auth.codes import active_tenant
from central_server.infra.actor import Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.tokens import new_token, token_hash
from central_server.infra.vault import SigningKeys
from central_server.tenants.service import TenantService
from central_server.tool_sign_ins import queries
from central_server.tool_sign_ins.policy import INTERVAL, LIFETIME, UserCode
from central_server.tool_sign_ins.tables import DBStarted

USER_CODE = "tool-user-code"
_ATTEMPTS = 8


class _Parts(NamedTuple):
    """What a flow adds to the row of a sign-in."""

    flow: str
    device_code_hash: bytes | None = None
    redirect_uri: str | None = None
    client_state: str | None = None
    code_challenge: str | None = None


class ToolStarts:
    """Begins the sign-ins of tools. Anybody may: nothing comes of it until somebody approves it in a browser."""

    def __init__(self, db: Database, tenants: TenantService, signing: SigningKeys, settings: Settings) -> None:
        self.db = db
        self.tenants = tenants
        self.signing = signing
        self.settings = settings

    async def TX_start_device(self, input: StartDeviceSignInInput, caller: Caller) -> StartDeviceSignInResponse:
        """Begin a sign-in that is approved on any machine."""
        tenant = await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)
        device_code = new_token()
        row, code = await self._insert(tenant, input, _Parts("device", token_hash(device_code)), caller)
        return StartDeviceSignInResponse(
            sign_in=row["id"],
            device_code=device_code,
            user_code=str(code),
            verification_uri=self._page(tenant),
            verification_uri_complete=self._page(tenant, code),
            expires_at=row["expires_at"],
            interval=row["interval_seconds"],
        )

    async def TX_start_loopback(self, input: StartLoopbackSignInInput, caller: Caller) -> StartLoopbackSignInResponse:
        """Begin a sign-in that is approved in the browser of the same machine."""
        tenant = await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)
        parts = _Parts(
            "loopback",
            redirect_uri=input.redirect_uri,
            client_state=input.state,
            code_challenge=input.code_challenge,
        )
        row, code = await self._insert(tenant, input, parts, caller)
        return StartLoopbackSignInResponse(
            sign_in=row["id"],
            user_code=str(code),
            approval_url=self._page(tenant, code),
            expires_at=row["expires_at"],
        )

    async def _insert(
        self, tenant: Tenant, tool: ToolInput, parts: _Parts, caller: Caller
    ) -> tuple[DBStarted, UserCode]:
        """Write the row under a code whose first half is free, and let go of rows that ended long ago."""
        id = SignInId.new()
        async with self.db.write(tenant.id) as tx:
            await tx.execute(queries.FORGET_ENDED, of_tenant=tenant.id)
            for _ in range(_ATTEMPTS):
                code = UserCode.new()
                row = await tx.first(
                    queries.INSERT,
                    tenant_id=tenant.id,
                    id=id,
                    application=tool.application,
                    host=tool.host,
                    version=tool.version,
                    address=caller.address,
                    user_code_prefix=code.prefix,
                    user_code_mac=self.signing.sign(USER_CODE, code.signed(tenant.id, id)),
                    interval_seconds=_seconds(INTERVAL),
                    lifetime_seconds=_seconds(LIFETIME),
                    **parts._asdict(),
                )
                if row is not None:
                    return row, code
        raise UnavailableError("Too many sign-ins are waiting here.", code="codes_exhausted", retry_after=60)

    def _page(self, tenant: Tenant, code: UserCode | None = None) -> str:
        address = f"{self.settings.public_url}/t/{tenant.slug}/device"
        return address if code is None else f"{address}?code={code}"


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

from datetime import timedelta
from typing import Final
from uuid import UUID

from central.errors import RateLimitedError
from central.kernel.ids import SignInId, TenantId
from central_server.auth.code_budget import LONG, CodeBudget
from central_server.infra.actor import Caller
from central_server.infra.db import Database
from central_server.infra.http.cookies import CookieNames
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.sign_in_pages import queries
from central_server.sign_in_pages.tables import DBAddressSignIn

LIFETIME = timedelta(minutes=10)
_REASON = "sign-in by address"
_NOWHERE: Final = TenantId.from_uuid(UUID(int=0))
"""Whose codes an address counts against that belongs to no tenant."""


class AddressSignIns:
    """Sign-ins that begin with an address alone.

    Each is kept and its tries are counted, whether its address leads to a tenant or nowhere, and those that lead
    nowhere spend codes that are never mailed, so that all answer alike to the last. Bound to the browser as mailed
    codes are.
    """

    def __init__(self, db: Database, budget: CodeBudget, cookies: CookieNames) -> None:
        self.db = db
        self.budget = budget
        self.cookies = cookies

    async def TX_keep(self, id: SignInId, email: str, return_to: str | None, caller: Caller) -> None:
        """Keep a sign-in that was begun at a tenant."""
        await self._insert(id, email, return_to, caller, shared=False)

    async def TX_start_nowhere(self, id: SignInId, email: str, return_to: str | None, caller: Caller) -> None:
        """Begin a sign-in that has no right code; `RateLimitedError` where one at a tenant would be refused."""
        shared = False
        try:
            shared = await self.budget.spend(_NOWHERE, email, caller) == LONG
        except RateLimitedError:
            async with self.db.platform_write(_REASON, routine=True) as tx:
                if await tx.first(queries.FIND_SHARED, email=email) is None:
                    raise
        await self._insert(id, email, return_to, caller, shared=shared)

    async def TX_find(self, sign_in: SignInId, caller: Caller) -> DBAddressSignIn | None:
        """Find a sign-in of this browser, ended or not; it began just now, so that no replica will do."""
        async with self.db.platform_write(_REASON, routine=True) as tx:
            return await tx.first(queries.GET, id=sign_in, binding=_binding_hash(caller))

    async def TX_count_attempt(self, sign_in: SignInId, caller: Caller) -> DBAddressSignIn | None:
        """Count a try before it is compared; gives nothing to another browser, too late, or once too often."""
        async with self.db.platform_write(_REASON, routine=True) as tx:
            return await tx.first(queries.COUNT_ATTEMPT, of_id=sign_in, binding=_binding_hash(caller))

    async def _insert(self, id: SignInId, email: str, return_to: str | None, caller: Caller, *, shared: bool) -> None:
        binding = caller.cookies.sign_in if is_token(caller.cookies.sign_in) else None
        binding = binding or new_token()
        async with self.db.platform_write(_REASON, routine=True) as tx:
            await tx.execute(queries.FORGET)
            await tx.execute(
                queries.INSERT,
                id=id,
                email=email,
                binding_hash=token_hash(binding),
                shared=shared,
                return_to=return_to,
                lifetime_seconds=int(LIFETIME.total_seconds()),
            )
        caller.cookies.set(self.cookies.sign_in, binding, int(LIFETIME.total_seconds()))


def _binding_hash(caller: Caller) -> bytes:
    return token_hash(caller.cookies.sign_in or "")

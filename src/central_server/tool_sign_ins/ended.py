from datetime import timedelta
from typing import Final

from central_server.infra.db import Database
from central_server.tool_sign_ins.queries import DELETE_TOOL_SIGN_INS

KEPT: Final = timedelta(days=1)
"""How long they are kept after their ten minutes, unless a new one of their tenant lets them go before."""


class EndedToolSignIns:
    """Sign-ins of tools whose time has long been over."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants; gives how many."""
        async with self.db.platform_write("ended sign-ins of tools go", routine=True) as tx:
            return await tx.execute(DELETE_TOOL_SIGN_INS, count=count, kept_seconds=int(KEPT.total_seconds()))

from datetime import timedelta
from typing import Final

from central_server.infra.db import Database
from central_server.infra.outbox.statements.backlog import DELETE_SETTLED

KEPT: Final = timedelta(days=7)
"""How long it can be looked up which listener had which event. Nothing else needs a receipt that long: a handover is
made once, with the event's place."""


class EndedHandovers:
    """Receipts of long ago."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants; gives how many. What is on its way or was given up stays."""
        async with self.db.platform_write("receipts go", routine=True) as tx:
            return await tx.execute(DELETE_SETTLED, count=count, kept_seconds=int(KEPT.total_seconds()))

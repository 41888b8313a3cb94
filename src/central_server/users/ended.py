from datetime import timedelta
from typing import Final

from central_server.infra.db import Database
from central_server.users.queries.ended import DELETE_EMAIL_VERIFICATIONS

KEPT: Final = timedelta(days=1)
"""How long they are kept after their ten minutes: those of the last hour are counted."""


class EndedVerifications:
    """Verifications of addresses whose time has long been over."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants; gives how many."""
        async with self.db.platform_write("ended verifications go", routine=True) as tx:
            return await tx.execute(DELETE_EMAIL_VERIFICATIONS, count=count, kept_seconds=int(KEPT.total_seconds()))

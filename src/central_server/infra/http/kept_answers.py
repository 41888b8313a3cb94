from datetime import timedelta
from typing import Final

from central_server.infra.db import Database
from central_server.infra.http.queries import DELETE_ANSWERS

KEPT: Final = timedelta(days=1)
"""How long repetitions with the same Idempotency-Key get the first answer, as the OpenAPI document promises."""


class KeptAnswers:
    """Answers that are kept for repetitions of their requests."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants; gives how many."""
        async with self.db.platform_write("kept answers go", routine=True) as tx:
            return await tx.execute(DELETE_ANSWERS, count=count, kept_seconds=int(KEPT.total_seconds()))

from datetime import timedelta
from typing import Final

from central_server.auth_connectors.queries.trials import DELETE_TESTS
from central_server.infra.db import Database

KEPT: Final = timedelta(days=30)
"""How long what came of a test is shown."""


class EndedTests:
    """Test sign-ins that nobody looks at any more."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants; gives how many."""
        async with self.db.platform_write("ended tests go", routine=True) as tx:
            return await tx.execute(DELETE_TESTS, count=count, kept_seconds=int(KEPT.total_seconds()))

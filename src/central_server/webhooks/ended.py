from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.webhooks.queries.deliveries import DELETE_DELIVERIES


class EndedDeliveries:
    """Deliveries that ended longer ago than they are to be kept."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.kept = settings.webhook_deliveries_kept

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants with their attempts; gives how many."""
        async with self.db.platform_write("ended webhook deliveries go", routine=True) as tx:
            return await tx.execute(DELETE_DELIVERIES, count=count, kept_seconds=int(self.kept.total_seconds()))

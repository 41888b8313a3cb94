from collections.abc import Sequence

from central.kernel.ids import EventId
from central_server.infra.db import Database
from central_server.infra.outbox.statements.backlog import LIST_DEAD, REDRIVE
from central_server.infra.outbox.tables import DBDeadLetter


class DeadLetters:
    """Events that a listener was given in vain, as operators see and drive them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_list(
        self, *, listener: str | None = None, event: EventId | None = None, limit: int = 100
    ) -> Sequence[DBDeadLetter]:
        """Give them, the newest first."""
        async with self.db.platform_read("dead letters are listed") as reader:
            return await reader.all(LIST_DEAD, of_listener=listener, of_event=event, count=limit)

    async def TX_redrive(self, *, listener: str | None = None, event: EventId | None = None) -> int:
        """Let them begin anew, with as much time as they had; gives how many there were."""
        async with self.db.platform_write("dead letters are driven again") as tx:
            return await tx.execute(REDRIVE, of_listener=listener, of_event=event)

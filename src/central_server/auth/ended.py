from datetime import timedelta
from typing import Final

from central_server.auth.queries import ended as queries
from central_server.infra.db import Database

KEPT: Final = timedelta(days=1)
"""How long sign-ins are kept after their ten minutes: what is said of a late try, and where a browser returns to, comes
from them."""


class EndedSignIns:
    """Sign-ins at providers and by mailed codes whose time has long been over."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def TX_delete_login_transactions(self, count: int) -> int:
        """Delete up to so many sign-ins at providers; gives how many."""
        async with self.db.platform_write("ended sign-ins go", routine=True) as tx:
            return await tx.execute(queries.DELETE_LOGIN_TRANSACTIONS, count=count, kept_seconds=_seconds(KEPT))

    async def TX_delete_email_codes(self, count: int) -> int:
        """Delete up to so many sign-ins by mailed codes; gives how many."""
        async with self.db.platform_write("ended codes go", routine=True) as tx:
            return await tx.execute(queries.DELETE_EMAIL_CODES, count=count, kept_seconds=_seconds(KEPT))


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())

from central_server.infra.db import Database, News
from central_server.infra.outbox.tables import FEED


class FeedNews(News):
    """Tells those who wait for events when a relay has put some into the feed."""

    def __init__(self, db: Database) -> None:
        super().__init__(db, FEED)

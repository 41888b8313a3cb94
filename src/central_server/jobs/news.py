from central_server.infra.db import Database, News
from central_server.jobs.tables import CHANNEL


class JobNews(News):
    """Tells those who watch a job when it has changed; the topic is its UUID."""

    def __init__(self, db: Database) -> None:
        super().__init__(db, CHANNEL)

"""At which revision the database is, as the application's role sees it."""

from sqlalchemy import Column, MetaData, Table, Text, select

from .database import Database
from .query import Query

HEAD = "0029"
"""The newest migration; a test compares it with alembic's, which takes half a second to import."""

_VERSION = Table("alembic_version", MetaData(), Column("version_num", Text))
_CURRENT = Query[str](select(_VERSION.c.version_num))


async def current_revision(database: Database) -> str | None:
    """Give the revision; raises `UnavailableError` when the database does not answer."""
    revision: str | None = await database.unscoped().scalar(_CURRENT)
    return revision

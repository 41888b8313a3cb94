"""At which revision the database is, as the application's role sees it."""

from sqlalchemy import Column, MetaData, Table, Text, select

from .database import Database
from .query import Query

HEAD = "0031"
"""The newest migration; a test compares it with alembic's, which takes half a second to import."""

_VERSION = Table("alembic_version", MetaData(), Column("version_num", Text))
_CURRENT = Query[str](select(_VERSION.c.version_num))


async def current_revision(database: Database) -> str | None:
    """Give the revision; raises `UnavailableError` when the database does not answer."""
    revision: str | None = await database.unscoped().scalar(_CURRENT)
    return revision


def problem_of(revision: str | None) -> str | None:
    """Say what is wrong with a revision; None for one that this version can serve.

    A newer one can be served: a migration keeps what the version before it uses, so that old and new ones go on side
    by side while they are replaced one after another.
    """
    if revision is not None and int(revision) >= int(HEAD):
        return None
    return f"at {revision}, this version needs {HEAD}: run `central-server migrate`"

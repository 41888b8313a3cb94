"""PostgreSQL: pools, executors bound to a tenant, statements compiled once, migrations."""

from .database import Database
from .errors import register_conflict
from .executors import ReadExecutor, WriteExecutor
from .listen import Listener
from .metadata import METADATA, created_at, tenant_id_column, updated_at
from .news import News
from .pool import PoolStats
from .query import Query
from .scope import tenant_scope
from .types import RichIdColumn, text_enum
from .unit import Unit

__all__ = [
    "METADATA",
    "Database",
    "Listener",
    "News",
    "PoolStats",
    "Query",
    "ReadExecutor",
    "RichIdColumn",
    "Unit",
    "WriteExecutor",
    "created_at",
    "register_conflict",
    "tenant_id_column",
    "tenant_scope",
    "text_enum",
    "updated_at",
]

from typing import TypedDict

from sqlalchemy import Column, DateTime, LargeBinary, PrimaryKeyConstraint, Table

from central_server.infra.db import METADATA

RATE_BUCKETS = Table(
    "rate_buckets",
    METADATA,
    Column("key", LargeBinary, nullable=False),
    Column("full_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("key"),
    prefixes=["UNLOGGED"],
)
"""Buckets that are not full, of all tenants and of none; reached by three narrow functions alone.

A key is a keyed hash and tells nothing of whom it counts. A crash of PostgreSQL empties the table, and with it fills
every bucket.
"""


class DBDrawn(TypedDict):
    """What one bucket gave, and whether all had enough; `debt` is how many microseconds it is from being full."""

    enough: bool
    granted: int
    remaining: int
    debt: int


class DBCharged(TypedDict):
    """What a bucket's debt is after it was charged, in microseconds."""

    key: bytes
    debt: int

from typing import TypedDict

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, LargeBinary, Table, Text, text

from central.kernel.ids import SignInId
from central_server.infra.db import METADATA, RichIdColumn, created_at

ADDRESS_SIGN_INS = Table(
    "address_sign_ins",
    METADATA,
    Column("id", RichIdColumn(SignInId), primary_key=True),
    Column("email", Text, nullable=False),
    Column("binding_hash", LargeBinary, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("return_to", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_address_sign_ins_shared", text("lower(email)"), postgresql_where=text("shared")),
    Index("ix_address_sign_ins_created_at", "created_at"),
)
"""A sign-in that began with an address alone, whether or not it belongs to anybody: of no tenant, as none is known.

`shared` says of one that leads nowhere that at a tenant its code would be good for all of its address. Only the
platform's role can reach the table.
"""


class DBAddressSignIn(TypedDict):
    """A row of `address_sign_ins`; `live` says that a code may still be tried."""

    id: SignInId
    email: str
    return_to: str | None
    live: bool

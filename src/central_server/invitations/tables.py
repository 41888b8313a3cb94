from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from central.kernel.ids import InvitationId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

INVITATIONS = Table(
    "invitations",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(InvitationId), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, Computed("lower(email)", persisted=True), nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("message", Text),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("delivery", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("token", LargeBinary),
    Column("binding_hash", LargeBinary),
    Column("begun_at", DateTime(timezone=True)),
    Column("created_by", RichIdColumn(UserId), nullable=False),
    Column("invited_by", RichIdColumn(UserId), nullable=False),
    created_at(),
    updated_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("accepted_at", DateTime(timezone=True)),
    Column("accepted_by", RichIdColumn(UserId)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", RichIdColumn(UserId)),
    Column("requested_count", Integer, nullable=False, server_default=text("0")),
    Column("last_requested_at", DateTime(timezone=True)),
    Column("sent_count", Integer, nullable=False, server_default=text("0")),
    Column("last_sent_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("expiry_told_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("state IN ('pending', 'accepted', 'revoked', 'expired')", name="state"),
    CheckConstraint("delivery IN ('mail', 'hand')", name="delivery"),
    CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", name="accepted"),
    Index(
        "uq_invitations_pending",
        "tenant_id",
        "email_key",
        unique=True,
        postgresql_where=text("state = 'pending'"),
    ),
    Index("uq_invitations_token_hash", "tenant_id", "token_hash", unique=True),
    Index("ix_invitations_email", "tenant_id", "email_key"),
    Index("ix_invitations_created_at", "tenant_id", "created_at", "id"),
    Index(
        "ix_invitations_binding",
        "tenant_id",
        "binding_hash",
        postgresql_where=text("binding_hash IS NOT NULL"),
    ),
    Index(
        "ix_invitations_run_out",
        "expires_at",
        postgresql_where=text("state = 'pending' AND expiry_told_at IS NULL"),
    ),
)
"""An invitation of an address. `token`, sealed, is there until it is mailed; `delivery` says who was given it.

`binding_hash` is of the browser that wants to accept and has to sign in first. The people named here are told of after
they are gone, and so are no foreign keys.
"""


class DBInvitation(TypedDict):
    """A row of `invitations` as administrators see it, with its state of now."""

    id: InvitationId
    email: str
    roles: list[str]
    message: str | None
    state: str
    delivery: str
    created_by: UserId
    invited_by: UserId
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    accepted_by: UserId | None
    revoked_at: datetime | None
    revoked_by: UserId | None
    sent_count: int
    last_sent_at: datetime | None
    version: int


class DBStoredInvitation(DBInvitation):
    """An invitation in the hands of one transaction: as it is stored, and whether its mail was asked for just now."""

    stored_state: str
    mail_recent: bool


class DBOpenInvitation(TypedDict):
    """An invitation as far as accepting it goes, with its state of now."""

    id: InvitationId
    email: str
    roles: list[str]
    message: str | None
    state: str
    delivery: str
    token_hash: bytes
    invited_by: UserId
    accepted_by: UserId | None
    expires_at: datetime


class DBBegunInvitation(DBOpenInvitation):
    """An invitation that a browser has begun to accept, and whether whoever signs in there has just done so."""

    fresh: bool


class DBMailableInvitation(TypedDict):
    """An invitation whose sealed token waits to be mailed."""

    email: str
    message: str | None
    token_hash: bytes
    token: bytes
    invited_by: UserId
    expires_at: datetime


class DBRequestedMails(TypedDict):
    """How many mails were asked for, for one address, by its invitations of the last day."""

    requested: int


class DBInvitationId(TypedDict):
    """The id of an invitation alone."""

    id: InvitationId


class DBDueInvitation(TypedDict):
    """An invitation that has run out, and whose it is."""

    tenant_id: TenantId
    id: InvitationId


class DBExpiredInvitation(DBInvitationId):
    """An invitation that made room for another, and when it was told that it has run out."""

    expiry_told_at: datetime | None


class DBSealedToken(TypedDict):
    """A sealed token, and whose it is."""

    tenant_id: TenantId
    id: InvitationId
    token: bytes

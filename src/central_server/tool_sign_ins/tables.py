from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from central.kernel.ids import SessionId, SignInId, TenantId, UserId
from central.tool_sign_ins.models import ToolSignInFlow, ToolSignInState
from central_server.infra.db import METADATA, RichIdColumn, created_at

TOOL_SIGN_INS = Table(
    "tool_sign_ins",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(SignInId), nullable=False),
    Column("flow", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("application", Text, nullable=False),
    Column("host", Text),
    Column("version", Text),
    Column("address", Text),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("user_code_prefix", Text, nullable=False),
    Column("user_code_mac", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("device_code_hash", LargeBinary),
    Column("polled_at", DateTime(timezone=True)),
    Column("interval_seconds", Integer, nullable=False),
    Column("redirect_uri", Text),
    Column("client_state", Text),
    Column("code_challenge", Text),
    Column("code_hash", LargeBinary),
    Column("code_expires_at", DateTime(timezone=True)),
    Column("decided_at", DateTime(timezone=True)),
    Column("user_id", RichIdColumn(UserId)),
    Column("session_id", RichIdColumn(SessionId)),
    Column("used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("flow IN ('device', 'loopback')", name="flow"),
    CheckConstraint("state IN ('pending', 'approved', 'denied', 'used')", name="state"),
    CheckConstraint(
        "CASE flow WHEN 'device' THEN device_code_hash IS NOT NULL AND code_hash IS NULL ELSE device_code_hash IS NULL"
        " AND num_nulls(redirect_uri, client_state, code_challenge) = 0 END",
        name="parts",
    ),
    CheckConstraint("state = 'pending' OR num_nulls(decided_at, user_id, session_id) = 0", name="decided"),
    ForeignKeyConstraint(["tenant_id", "session_id"], ["sessions.tenant_id", "sessions.id"], ondelete="CASCADE"),
    Index("uq_tool_sign_ins_user_code", "tenant_id", "user_code_prefix", unique=True),
    Index("uq_tool_sign_ins_device_code", "tenant_id", "device_code_hash", unique=True),
    Index("uq_tool_sign_ins_code", "tenant_id", "code_hash", unique=True),
    Index("ix_tool_sign_ins_expires_at", "tenant_id", "expires_at"),
    Index("ix_tool_sign_ins_session", "tenant_id", "session_id"),
    Index("ix_tool_sign_ins_ended", "expires_at"),
)
"""A tool that asks to be signed in, and who has let it.

`user_code_prefix`, the first half of the code that the person types, finds the row; the whole is compared with
`user_code_mac`, after the try was counted. `session_id` is the session that decided: it lends the tool its user, its
connector and its time of authentication.
"""


class DBToolSignIn(TypedDict):
    """What is known of a tool, and what its code is compared with."""

    id: SignInId
    flow: ToolSignInFlow
    state: ToolSignInState
    application: str
    host: str | None
    version: str | None
    address: str | None
    created_at: datetime
    expires_at: datetime
    user_code_mac: bytes


class DBStarted(TypedDict):
    """What starting gives."""

    id: SignInId
    expires_at: datetime
    interval_seconds: int


class DBPoll(TypedDict):
    """What a poll finds; `too_soon` after the one before."""

    id: SignInId
    state: ToolSignInState
    live: bool
    too_soon: bool
    interval_seconds: int
    application: str
    host: str | None
    version: str | None
    user_id: UserId | None
    session_id: SessionId | None


class DBApproved(TypedDict):
    """An approval that is there to be used: by which session, and for which tool."""

    id: SignInId
    application: str
    host: str | None
    version: str | None
    user_id: UserId
    session_id: SessionId


class DBExchange(DBApproved):
    """The same, with what the tool must prove."""

    redirect_uri: str
    code_challenge: str


class DBDecided(TypedDict):
    """What deciding gives: where the browser goes then, in the loopback flow."""

    id: SignInId
    redirect_uri: str | None
    client_state: str | None

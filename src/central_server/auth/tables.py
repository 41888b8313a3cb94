from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from central.kernel.ids import AuthConnectorId, ConnectorTestId, IdentityId, SignInId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at
from central_server.infra.outbox.tables import OUTBOX

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(IdentityId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    created_at(),
    Column("profile", LargeBinary),
    Column("seen_at", DateTime(timezone=True)),
    Column("claim_names", ARRAY(Text)),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "connector_id", "issuer", "subject", name="uq_identities_subject"),
    UniqueConstraint("tenant_id", "connector_id", "user_id", name="uq_identities_user"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    Index("ix_identities_seen_at", "tenant_id", "connector_id", "seen_at"),
)
"""A person at an identity provider: `(tenant, connector, issuer, subject)`, never an email.

`profile` is what the provider last said of them, sealed; `claim_names` says what that was about.
"""

Index(
    "ix_outbox_failed_sign_ins",
    OUTBOX.c.tenant_id,
    text("(payload ->> 'connectorId')"),
    OUTBOX.c.created_at,
    OUTBOX.c.id,
    postgresql_where=text("kind = 'auth.sign_in.failed'"),
)

LOGIN_TRANSACTIONS = Table(
    "login_transactions",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(SignInId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("state_hash", LargeBinary, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("verifier", LargeBinary, nullable=False),
    Column("binding_hash", LargeBinary, nullable=False),
    Column("return_to", Text, nullable=False),
    Column("max_age", Integer),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    Column("test_id", RichIdColumn(ConnectorTestId)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(
        ["tenant_id", "test_id"], ["connector_tests.tenant_id", "connector_tests.id"], ondelete="CASCADE"
    ),
    Index("ix_login_transactions_connector", "tenant_id", "connector_id"),
    Index("ix_login_transactions_test", "tenant_id", "test_id"),
    Index("ix_login_transactions_expires_at", "expires_at"),
)
"""A sign-in on its way to a provider and back; `verifier` is the sealed PKCE verifier (RFC 7636).

With a `test_id` it only tries the connector: nobody is signed in by it.

`max_age` is how many seconds before `created_at` the provider may have asked for credentials; null: any time ago.
"""

EMAIL_CODES = Table(
    "email_codes",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(SignInId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, Computed("lower(email)", persisted=True), nullable=False),
    Column("code_mac", LargeBinary),
    Column("token", LargeBinary),
    Column("link_hash", LargeBinary),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("binding_hash", LargeBinary, nullable=False),
    Column("address", Text),
    Column("return_to", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("refusals", Integer, nullable=False, server_default=text("0")),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    Index("ix_email_codes_shared", "tenant_id", "email_key", "created_at", postgresql_where=text("shared")),
    Index("ix_email_codes_connector", "tenant_id", "connector_id"),
    Index("uq_email_codes_link", "tenant_id", "link_hash", unique=True),
    Index("ix_email_codes_expires_at", "expires_at"),
)
"""A sign-in that waits for a mailed code, or for the link beside it.

Both are made of `token`, which is sealed, and there until it is mailed. A try is compared with `code_mac` or with
`link_hash`. A sign-in without them was not mailed any: it waits, as all of its address do, for a code that is `shared`.
`refusals` counts the tries that came too late or from elsewhere, as far as they are told of.
"""


class DBIdentity(TypedDict):
    """A row of `identities`."""

    tenant_id: TenantId
    id: IdentityId
    user_id: UserId
    connector_id: AuthConnectorId
    issuer: str
    subject: str


class DBLinkedIdentity(DBIdentity):
    """An identity with its connector's name; `profile` is sealed."""

    connector_name: str
    created_at: datetime
    seen_at: datetime | None
    profile: bytes | None


class DBSealedProfile(TypedDict):
    """What a provider last said of somebody, sealed."""

    tenant_id: TenantId
    id: IdentityId
    profile: bytes


class DBClaimsSeen(TypedDict):
    """What a provider told of the last person to sign in by a connector, by name, and when."""

    claim_names: list[str]
    seen_at: datetime


class DBFailedSignIn(TypedDict):
    """The event of a refused sign-in."""

    payload: dict[str, Any]
    created_at: datetime


class DBLoginTransaction(TypedDict):
    """What consuming a login transaction gives."""

    id: SignInId
    connector_id: AuthConnectorId
    issuer: str
    nonce: str
    verifier: bytes
    return_to: str
    max_age: int | None
    test_id: ConnectorTestId | None
    created_at: datetime
    expires_at: datetime


class DBEmailCode(TypedDict):
    """What counting a try on an email code gives; `code_mac` is `None` for a sign-in that was not mailed any."""

    id: SignInId
    connector_id: AuthConnectorId
    email: str
    code_mac: bytes | None
    shared: bool
    expires_at: datetime


class DBLateAttempt(TypedDict):
    """Why a try on an email code was no longer one."""

    id: SignInId
    connector_id: AuthConnectorId
    same_browser: bool
    used: bool
    expired: bool


class DBPendingCode(TypedDict):
    """A mailed code as a page shows it: `live` says that it can still be used, in the browser that asked for it."""

    id: SignInId
    email: str
    return_to: str | None
    shared: bool
    same_browser: bool
    live: bool


class DBMailableCode(TypedDict):
    """An email code that waits to be mailed; `token` is sealed."""

    email: str
    token: bytes
    shared: bool
    connector_id: AuthConnectorId


class DBReturn(TypedDict):
    """Where a sign-in returns to."""

    return_to: str


class DBSharedCode(TypedDict):
    """A code that is good for every sign-in of its address."""

    id: SignInId
    code_mac: bytes

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import (
    AuthConnectorId,
    EmailChangeId,
    EmailVerificationId,
    TenantId,
    UnitId,
    UserEmailId,
    UserId,
)
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

USERS = Table(
    "users",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(UserId), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, Computed("lower(email)", persisted=True), nullable=False),
    Column("email_verified", Boolean, nullable=False, server_default=text("false")),
    Column("display_name", Text, nullable=False),
    Column("system_permissions", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'active'")),
    created_at(),
    updated_at(),
    Column("disabled_at", DateTime(timezone=True)),
    Column("last_sign_in_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("locale", Text),
    Column("time_zone", Text),
    Column("tags", JSONB, nullable=False, server_default=text("'{}'")),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("avatar", JSONB(none_as_null=True)),
    Column("avatar_image_id", Text, Computed("avatar ->> 'image_id'", persisted=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "id", "email", "email_verified"],
        ["user_emails.tenant_id", "user_emails.user_id", "user_emails.email", "user_emails.verified"],
        name="fk_users_primary_email",
        onupdate="CASCADE",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
    CheckConstraint("state IN ('active', 'disabled')", name="state"),
    Index("ix_users_email", "tenant_id", "email_key", "id"),
    Index("ix_users_created_at", "tenant_id", "created_at", "id"),
    Index("ix_users_display_name", "tenant_id", "display_name", "id"),
    Index(
        "ix_users_last_sign_in_at",
        "tenant_id",
        text("COALESCE(last_sign_in_at, to_timestamp(0::double precision))"),
        "id",
    ),
    Index(
        "ix_users_avatar",
        "tenant_id",
        "avatar_image_id",
        postgresql_where=text("avatar_image_id IS NOT NULL"),
    ),
    Index("ix_users_tags", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
    Index("ix_users_attributes", "attributes", postgresql_using="gin", postgresql_ops={"attributes": "jsonb_path_ops"}),
)
"""A person. The primary address stands here, held equal to one of `user_emails` by a foreign key, so that there is
always exactly one and reading a user joins nothing."""

USER_EMAILS = Table(
    "user_emails",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(UserEmailId), nullable=False, server_default=text("gen_random_uuid()")),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, Computed("lower(email)", persisted=True), nullable=False),
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    Column("verified_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "user_id", "email", "verified", name="uq_user_emails_primary"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    Index("uq_user_emails_email", "tenant_id", "email_key", unique=True),
)
"""Every address of every person, the primary ones among them."""

USER_EXTERNAL_IDS = Table(
    "user_external_ids",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    created_at(),
    PrimaryKeyConstraint("tenant_id", "user_id", "source"),
    UniqueConstraint("tenant_id", "source", "external_id", name="uq_user_external_ids_value"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
)
"""What other systems call a person, one name for each system."""

USER_ROLES = Table(
    "user_roles",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("connector_id", RichIdColumn(AuthConnectorId)),
    Column("granted_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("granted_by", RichIdColumn(UserId)),
    PrimaryKeyConstraint("tenant_id", "user_id", "role"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant_id", "role"], ["roles.tenant_id", "roles.slug"]),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    Index("ix_user_roles_role", "tenant_id", "role"),
    Index("ix_user_roles_connector", "tenant_id", "connector_id"),
    Index("ix_user_roles_ending", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
)
"""Who holds which role, and until when: judged where it is read, so that nothing need happen when the time comes.

With a `connector_id` the role comes from the groups that its provider tells, and goes with them.
"""


EMAIL_VERIFICATIONS = Table(
    "email_verifications",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(EmailVerificationId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("email_id", RichIdColumn(UserEmailId), nullable=False),
    Column("code_mac", LargeBinary, nullable=False),
    Column("code", LargeBinary),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant_id", "email_id"], ["user_emails.tenant_id", "user_emails.id"], ondelete="CASCADE"),
    Index("ix_email_verifications_user", "tenant_id", "user_id", "created_at"),
    Index("ix_email_verifications_email", "tenant_id", "email_id"),
    Index("ix_email_verifications_expires_at", "expires_at"),
)
"""A code mailed to an address that a user says is theirs; as with sign-ins, a keyed hash, and sealed until mailed."""

EMAIL_CHANGES = Table(
    "email_changes",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(EmailChangeId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("former_email", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("changed_by", RichIdColumn(UserId)),
    PrimaryKeyConstraint("tenant_id", "id"),
)
"""Former primary addresses that are to be told so; a row goes with its mail."""

ATTRIBUTE_RULES = Table(
    "attribute_rules",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("json_schema", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    updated_at(),
)
"""What attributes of users a tenant allows; without a row, any."""


class DBUserEmail(TypedDict):
    """A row of `user_emails`, and whether it is the primary one."""

    id: UserEmailId
    user_id: UserId
    email: str
    verified: bool
    created_at: datetime
    verified_at: datetime | None
    primary: bool


class DBRemovedEmail(TypedDict):
    """Which address of whom a statement changed or removed."""

    id: UserEmailId
    user_id: UserId


class DBEmailVerification(TypedDict):
    """What counting a try on a verification gives."""

    id: EmailVerificationId
    user_id: UserId
    email_id: UserEmailId
    code_mac: bytes
    expires_at: datetime


class DBMailableVerification(TypedDict):
    """A verification that waits to be mailed, with who asked for it and where; `code` is sealed."""

    email: str
    code: bytes
    tenant_name: str
    user_name: str


class DBEmailChange(TypedDict):
    """A change that a notice is to be mailed of: to where, and what it says."""

    former_email: str
    changed_at: datetime
    tenant_name: str
    by_themselves: bool | None
    changer_name: str | None


class DBConnectorOfUser(TypedDict):
    """A connector that somebody signs in by, and whether another user does too."""

    connector_id: AuthConnectorId
    has_one: bool


class DBAssignmentOfUser(TypedDict):
    """An assignment of somebody to a unit, and whether another user is in that unit at the same time."""

    unit_id: UnitId
    role: str | None
    has_one: bool


class DBAttributeRules(TypedDict):
    """A row of `attribute_rules`."""

    json_schema: dict[str, Any]
    version: int
    updated_at: datetime


class DBUserId(TypedDict):
    """The id of a user alone."""

    id: UserId


class DBUserName(TypedDict):
    """What a user is called."""

    id: UserId
    display_name: str


class DBUser(TypedDict):
    """A row of `users` with the roles held now; `system_permissions` are shown by an operator's session only."""

    id: UserId
    email: str
    email_verified: bool
    display_name: str
    roles: list[str]
    state: str
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    version: int
    locale: str | None
    time_zone: str | None
    tags: dict[str, str]
    attributes: dict[str, Any]
    external_ids: dict[str, str]
    avatar: dict[str, Any] | None


class DBLockedUser(DBUser):
    """A user in the hands of one transaction, with what they may do in the whole system."""

    system_permissions: list[str]


class DBRoleGrant(TypedDict):
    """A role that somebody holds, until when, and who gave it: a person, or the groups that a connector tells."""

    role: str
    expires_at: datetime | None
    connector_id: AuthConnectorId | None
    granted_at: datetime
    granted_by: UserId | None


class DBEndedRole(TypedDict):
    """A role whose time has come, and whose it was."""

    tenant_id: TenantId
    user_id: UserId
    role: str


class DBSystemPermissions(TypedDict):
    """What a user may do in the whole system."""

    system_permissions: list[str]


class DBPrivileges(TypedDict):
    """What a user may do, as far as the lifetime of their session depends on it."""

    roles: list[str]
    system_permissions: list[str]


class DBKnownUser(DBLockedUser):
    """A user with all that says who may change what of them; `lasting_roles` are given by hand, without an end."""

    lasting_roles: list[str]


class DBExportedUser(DBUser):
    """A user with the roles that were given by hand, without an end."""

    lasting_roles: list[str]


class DBAddressOfUser(TypedDict):
    """Whose an address is, lowered; one that does not count is only said to be theirs."""

    address: str
    user_id: UserId
    counts: bool


class DBNameOfUser(TypedDict):
    """Whom another system calls so."""

    source: str
    external_id: str
    user_id: UserId


class DBConsidered(TypedDict):
    """A user whom an import could be about, and what they may do."""

    id: UserId
    roles: list[str]
    system_permissions: list[str]

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

ROLES: dict[str, list[str]] = json.loads((Path(__file__).parents[1] / "roles.json").read_text())


class Base(DeclarativeBase):
    metadata = MetaData(schema="central")
    type_annotation_map = {datetime: DateTime(timezone=True), list[str]: ARRAY(Text), dict[str, Any]: JSONB}


class Tenant(Base):
    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'active'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    member_idle_seconds: Mapped[int | None]
    member_lifetime_seconds: Mapped[int | None]
    admin_idle_seconds: Mapped[int | None]
    admin_lifetime_seconds: Mapped[int | None]


class UserEmail(Base):
    __tablename__ = "user_emails"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "user_id"], ["central.users.tenant_id", "central.users.id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    email: Mapped[str]


class UserRole(Base):
    __tablename__ = "user_roles"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "user_id"], ["central.users.tenant_id", "central.users.id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime | None]
    granted_by: Mapped[UUID | None]


class ExternalId(Base):
    __tablename__ = "user_external_ids"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str]


class User(Base):
    __tablename__ = "users"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("central.tenants.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    display_name: Mapped[str]
    system_permissions: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default=text("'active'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    disabled_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    tags: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    avatar: Mapped[dict[str, Any] | None]

    # Subqueries of the one statement: a `selectinload` for each would be two more.
    roles: Mapped[list[str]] = column_property(
        func.array(
            select(UserRole.role)
            .where(UserRole.tenant_id == tenant_id, UserRole.user_id == id)
            .where(UserRole.expires_at.is_(None) | (UserRole.expires_at > func.now()))
            .order_by(UserRole.role)
            .scalar_subquery(),
            type_=ARRAY(Text),
        ),
        expire_on_flush=False,
    )
    external_ids: Mapped[dict[str, str]] = column_property(
        func.coalesce(
            select(func.jsonb_object_agg(ExternalId.source, ExternalId.external_id))
            .where(ExternalId.tenant_id == tenant_id, ExternalId.user_id == id)
            .scalar_subquery(),
            text("'{}'"),
            type_=JSONB,
        ),
        deferred=True,
        expire_on_flush=False,
    )
    tenant: Mapped[Tenant] = relationship()
    emails: Mapped[list[UserEmail]] = relationship()
    grants: Mapped[list[UserRole]] = relationship()

    @property
    def permissions(self) -> list[str]:
        held = {permission for role in self.roles for permission in ROLES[role]}
        return [permission for permission in ROLES["owner"] if permission in held]


class Session(Base):
    __tablename__ = "sessions"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "user_id"], ["central.users.tenant_id", "central.users.id"]),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    powerful: Mapped[bool]
    impersonator_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_used_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class OutboxEvent(Base):
    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("central.tenants.id"))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]

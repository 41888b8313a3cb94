"""FastAPI with SQLAlchemy's ORM, as its users write it."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy import select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from bench import ids
from bench.fastapi_orm import schemas
from bench.fastapi_orm.database import engine
from bench.fastapi_orm.dependencies import CurrentUser, Db, require
from bench.fastapi_orm.models import OutboxEvent, User, UserEmail, UserRole


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
Reader = Annotated[User, Depends(require("users:read"))]
Writer = Annotated[User, Depends(require("users:write"))]


@app.get("/v1/tenants/{tenant}/me", response_model=schemas.UserPrivate)  # noqa: FAST003 (get_current_user takes it)
async def get_me(user: CurrentUser) -> Any:
    return user


@app.get("/v1/tenants/{tenant}/users", response_model=schemas.ListUsersResponse)  # noqa: FAST003 (get_current_user takes it)
async def list_users(
    reader: Reader, db: Db, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
) -> Any:
    statement = (
        select(User)
        .options(undefer(User.external_ids))
        .where(User.tenant_id == reader.tenant_id)
        .order_by(User.created_at, User.id)
    )
    if cursor is not None:
        statement = statement.where(tuple_(User.created_at, User.id) > tuple_(*read_cursor(cursor)))
    users = (await db.scalars(statement.limit(limit + 1))).all()
    next_cursor = write_cursor(users[limit - 1]) if len(users) > limit else None
    return {"next_cursor": next_cursor, "users": users[:limit]}


@app.post("/v1/tenants/{tenant}/users", response_model=schemas.User, status_code=201)  # noqa: FAST003 (get_current_user takes it)
async def create_user(body: schemas.CreateUserInput, writer: Writer, db: Db) -> Any:
    if "owner" in body.roles and "owner" not in writer.roles:
        raise HTTPException(403, "Only owners make owners.")
    user = User(
        tenant_id=writer.tenant_id,
        id=ids.new(),
        email=body.email,
        display_name=body.display_name or body.email.partition("@")[0],
        roles=body.roles,
        external_ids={},
        emails=[UserEmail(id=ids.new(), email=body.email)],
        grants=[UserRole(role=role, granted_by=writer.id) for role in body.roles],
    )
    db.add(user)
    db.add(created_event(user, writer))
    try:
        await db.commit()
    except IntegrityError as error:
        raise HTTPException(409, "The address is taken.") from error
    return user


def created_event(user: User, actor: User) -> OutboxEvent:
    event_id = ids.new()
    payload = {
        "id": ids.render("event", event_id),
        "tenantId": ids.render("tenant", user.tenant_id),
        "actor": ids.render("user", actor.id),
        "occurredAt": datetime.now(UTC).isoformat(),
        "kind": "user.created",
        "userId": ids.render("user", user.id),
        "__type": "UserCreated",
    }
    return OutboxEvent(id=event_id, tenant_id=user.tenant_id, kind="user.created", payload=payload)


def write_cursor(user: User) -> str:
    return base64.urlsafe_b64encode(f"{user.created_at.isoformat()}|{user.id}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        created_at, _, id_ = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(created_at), UUID(id_)
    except ValueError as error:
        raise HTTPException(400, "The cursor is none of ours.") from error

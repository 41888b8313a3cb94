import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Cookie, Depends, HTTPException
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bench import ids
from bench.fastapi_orm.database import get_db
from bench.fastapi_orm.models import Session, User

Db = Annotated[AsyncSession, Depends(get_db)]


async def get_current_user(tenant: str, db: Db, central_session: Annotated[str | None, Cookie()] = None) -> User:
    if central_session is None:
        raise HTTPException(401, "Sign in first.")
    statement = (
        select(Session)
        .options(joinedload(Session.user).joinedload(User.tenant))
        .where(
            Session.token_hash == hashlib.sha256(central_session.encode()).digest(),
            Session.ended_at.is_(None),
            Session.impersonator_id.is_(None),
            Session.expires_at > func.now(),
        )
    )
    session = (await db.execute(statement)).scalar_one_or_none()
    if session is None or has_ended(session):
        raise HTTPException(401, "Sign in first.")
    user = session.user
    if user.state != "active" or user.tenant.state != "active":
        raise HTTPException(401, "Sign in first.")
    if tenant not in {user.tenant.slug, ids.render("tenant", user.tenant_id)}:
        raise HTTPException(404, "There is no such tenant here.")
    return user


def has_ended(session: Session) -> bool:
    """Judge by the shorter of the session's, the server's and the tenant's lifetimes."""
    tenant, now = session.user.tenant, datetime.now(UTC)
    if session.powerful:
        idle, lifetime = tenant.admin_idle_seconds or 3600, tenant.admin_lifetime_seconds or 86400
    else:
        idle, lifetime = tenant.member_idle_seconds or 604800, tenant.member_lifetime_seconds or 2592000
    idles = session.last_used_at + timedelta(seconds=min(session.idle_seconds, idle))
    return min(idles, session.created_at + timedelta(seconds=lifetime)) < now


CurrentUser = Annotated[User, Depends(get_current_user)]


def require(permission: str) -> Callable[[User], Awaitable[User]]:
    async def dependency(user: CurrentUser) -> User:
        if permission not in user.permissions:
            raise HTTPException(403, f"That takes {permission}.")
        return user

    return dependency

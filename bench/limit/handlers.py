"""The three requests."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bench import ids
from bench.limit import wire
from bench.limit.pool import HandOffPool

_ROLES: dict[str, list[str]] = json.loads((Path(__file__).parents[1] / "roles.json").read_text())
_ORDER = _ROLES["owner"]


class Problem(Exception):  # noqa: N818 (an answer, not a fault)
    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.body = json.dumps({"status": status, "detail": detail}).encode()


@lru_cache
def _permissions(roles: tuple[str, ...]) -> list[str]:
    held = {permission for role in roles for permission in _ROLES[role]}
    return [permission for permission in _ORDER if permission in held]


def _check_tenant(row: Any, id_: UUID, tenant: str) -> None:
    if row is None:
        raise Problem(401, "Sign in first.")
    if row["slug"] != tenant and ids.render("tenant", id_) != tenant:
        raise Problem(404, "There is no such tenant here.")


class Handlers:
    def __init__(self, pool: HandOffPool) -> None:
        self._pool = pool

    async def me(self, tenant: str, token: bytes) -> bytes:
        pool = self._pool
        connection = pool.take() or await pool.wait()
        try:
            row = await connection.me(hashlib.sha256(token).digest())
        finally:
            pool.give_back(connection)
        _check_tenant(row, row and row["tenant_id"], tenant)
        fields = dict(row)
        fields["id"] = ids.render("user", fields["id"])
        fields["tenant_id"] = ids.render("tenant", fields["tenant_id"])
        fields["permissions"] = _permissions(tuple(fields["roles"]))
        return wire.write_user_private(wire.user_private(fields))

    async def users(self, tenant: str, token: bytes, limit: int, cursor: str | None) -> bytes:
        after = _read_cursor(cursor) if cursor else None
        pool = self._pool
        connection = pool.take() or await pool.wait()
        try:
            row = await connection.session(hashlib.sha256(token).digest())
            tenant_id = self._authorize(row, tenant, "users:read")
            if after is None:
                rows = await connection.first_page(tenant_id, limit + 1)
            else:
                rows = await connection.next_page(tenant_id, limit + 1, *after)
        finally:
            pool.give_back(connection)
        return _write_page(rows, limit, ids.render("tenant", tenant_id))

    async def create(self, tenant: str, token: bytes, body: bytes) -> bytes:
        given = wire.read_input(body)
        pool = self._pool
        connection = pool.take() or await pool.wait()
        try:
            row = await connection.session(hashlib.sha256(token).digest())
            tenant_id = self._authorize(row, tenant, "users:write")
            if "owner" in given.roles and "owner" not in row["roles"]:
                raise Problem(403, "Only owners make owners.")
            id_, event_id = ids.new(), ids.new()
            name = given.display_name or given.email.partition("@")[0]
            event = _event(event_id, tenant_id, row["user_id"], id_)
            made = await connection.create(
                tenant_id, id_, given.email, name, given.roles, event_id, event, ids.new(), row["user_id"]
            )
        except asyncpg.UniqueViolationError:
            raise Problem(409, "The address is taken.") from None
        finally:
            pool.give_back(connection)
        fields = dict(made)
        fields["id"] = ids.render("user", id_)
        fields["tenant_id"] = ids.render("tenant", tenant_id)
        fields["roles"], fields["external_ids"] = given.roles, {}
        return wire.write_user(wire.user(fields))

    @staticmethod
    def _authorize(row: Any, tenant: str, permission: str) -> UUID:
        tenant_id: UUID = row and row["tenant_id"]
        _check_tenant(row, tenant_id, tenant)
        if permission not in _permissions(tuple(row["roles"])):
            raise Problem(403, f"That takes {permission}.")
        return tenant_id


def _event(event_id: UUID, tenant_id: UUID, actor: UUID, user_id: UUID) -> str:
    return json.dumps(
        {
            "id": ids.render("event", event_id),
            "tenantId": ids.render("tenant", tenant_id),
            "actor": ids.render("user", actor),
            "occurredAt": datetime.now(UTC).isoformat(),
            "kind": "user.created",
            "userId": ids.render("user", user_id),
            "__type": "UserCreated",
        }
    )


def _write_page(rows: Sequence[Any], limit: int, tenant: str) -> bytes:
    cursor = _cursor(rows[limit - 1]) if len(rows) > limit else None
    render = ids.render
    users = []
    for row in rows[:limit]:
        fields = dict(row)
        fields["id"] = render("user", fields["id"])
        fields["tenant_id"] = tenant
        users.append(fields)
    return wire.write_page(wire.page({"next_cursor": cursor, "users": users}))


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(f"{row['created_at'].isoformat()}|{row['id']}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        created_at, _, id_ = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(created_at), UUID(id_)
    except (ValueError, binascii.Error):
        raise Problem(400, "The cursor is none of ours.") from None

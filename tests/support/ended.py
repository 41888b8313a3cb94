"""Rows that ended at a time of one's choosing."""

import secrets
import uuid
from datetime import timedelta
from typing import Any

from support.database import superuser
from support.place import Place

_CONNECTOR = "(SELECT id FROM auth_connectors WHERE tenant_id = $1 LIMIT 1)"
_EMAIL = "(SELECT id FROM user_emails WHERE tenant_id = $1 AND user_id = $2 LIMIT 1)"
_HASH = "sha256($3::uuid::text::bytea)"
_USER = "(SELECT $2::uuid)"
_AT = "now() - $4::interval"
_COLUMNS: dict[str, dict[str, str]] = {
    "login_transactions": {
        "connector_id": _CONNECTOR,
        "issuer": "''",
        "state_hash": _HASH,
        "nonce": "''",
        "verifier": "''",
        "binding_hash": _HASH,
        "return_to": "'/'",
        "expires_at": _AT,
    },
    "email_codes": {"connector_id": _CONNECTOR, "email": "'x@y.example'", "binding_hash": _HASH, "expires_at": _AT},
    "email_verifications": {"user_id": _USER, "email_id": _EMAIL, "code_mac": _HASH, "expires_at": _AT},
    "tool_sign_ins": {
        "flow": "'device'",
        "application": "'tests'",
        "user_code_prefix": "$3::uuid::text",
        "user_code_mac": _HASH,
        "device_code_hash": _HASH,
        "interval_seconds": "3",
        "expires_at": _AT,
    },
    "connector_tests": {
        "connector_id": _CONNECTOR,
        "settings_version": "1",
        "token_hash": _HASH,
        "expires_at": _AT,
    },
    "jobs": {
        "kind": "'user_import'",
        "state": "'succeeded'",
        "options": "'{}'::jsonb",
        "started_by": _USER,
        "stage": "'done'",
        "updated_at": _AT,
        "ended_at": _AT,
    },
    "sessions": {"user_id": _USER, "token_hash": _HASH, "idle_seconds": "60", "expires_at": _AT},
}
_ANSWER = (
    "INSERT INTO idempotency_keys (tenant_id, user_id, key, request_hash, status, body, created_at)"
    f" VALUES ($1, {_USER}, $3::uuid::text, '', 201, '', {_AT})"
)


def _statement(table: str, columns: dict[str, str]) -> str:
    if table == "idempotency_keys":
        return _ANSWER
    columns = {"tenant_id": "$1", "id": "$3", **columns}
    used = ", ".join(columns.values())
    spare = "" if "$2" in used else " WHERE $2::uuid IS NOT NULL"
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {used}{spare}"


async def add_ended(place: Place, table: str, *ages: timedelta, **changes: str) -> list[uuid.UUID]:
    """Insert a row for each age, ended so long ago; gives their ids. `changes` are columns as SQL; `$4` is the age."""
    statement = _statement(table, {**_COLUMNS.get(table, {}), **changes})
    ids = [uuid.UUID(bytes=secrets.token_bytes(16)) for _ in ages]
    given = [(place.tenant.id.uuid, place.owner_user.id.uuid, id, age) for id, age in zip(ids, ages, strict=True)]
    async with superuser(place.stack) as connection:
        await connection.executemany(statement, given)
    return ids


async def remaining(place: Place, table: str, ids: list[Any]) -> list[Any]:
    """Give those of the rows that are there."""
    column = "key::uuid" if table == "idempotency_keys" else "id"
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(f"SELECT {column} AS id FROM {table} WHERE tenant_id = $1", place.tenant.id.uuid)
    there = {row["id"] for row in rows}
    return [id for id in ids if id in there]

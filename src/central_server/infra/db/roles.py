"""The roles, the schema and the function that row-level security stands on, made by the owner."""

import base64
import hashlib
import hmac
import re
import secrets

from asyncpg.exceptions import InternalServerError, UniqueViolationError

from .connection import Connection, connect
from .scope import TENANT_SETTING
from .sight import PLATFORM_ROLE

APP_ROLE = "central_app"
SCHEMA = "central"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_ATTEMPTS = 10
_ITERATIONS = 4096

_CREATE_ROLE = """
DO $$ BEGIN
  CREATE ROLE {role} {options};
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""

# A plain SQL function: it is inlined, so that the policies use indexes on tenant_id.
_CURRENT_TENANT = f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('{TENANT_SETTING}', true), '')::uuid $$"""


def checked_name(name: str) -> str:
    """Give an identifier that needs no quotes back; `ValueError` for another."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a plain identifier: {name!r}")
    return name


async def ensure_roles(
    owner_url: str, app_role: str = APP_ROLE, password: str | None = None, *, replace_password: bool = False
) -> None:
    """Make the application's and the platform's role, the schema and the grants, as far as they are missing.

    A role that exists keeps its password unless `replace_password`. Raises `ValueError` for an application
    role that could pass by row-level security.
    """
    connection = await connect(owner_url, application_name="central migrate")
    try:
        await _ensure(connection, checked_name(app_role), password, replace_password=replace_password)
    finally:
        await connection.close()


async def _ensure(connection: Connection, role: str, password: str | None, *, replace_password: bool) -> None:
    secret = "" if password is None else f" PASSWORD '{scram_verifier(password)}'"
    await connection.execute(_CREATE_ROLE.format(role=role, options=f"LOGIN NOINHERIT{secret}"))
    await connection.execute(_CREATE_ROLE.format(role=PLATFORM_ROLE, options="NOLOGIN"))
    if replace_password and secret:
        await _persist(connection, f"ALTER ROLE {role}{secret}")
    await _refuse_bypass(connection, role)
    usage = f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}, {PLATFORM_ROLE}"
    await _persist(connection, f"GRANT {PLATFORM_ROLE} TO {role}, CURRENT_USER")
    await _persist(connection, f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};{_CURRENT_TENANT};{usage}")


async def _persist(connection: Connection, statements: str) -> None:
    """Run statements again that another process, in another database even, collided with."""
    for attempt in range(_ATTEMPTS):
        try:
            await connection.execute(statements)
        except (InternalServerError, UniqueViolationError):  # "tuple concurrently updated"
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


async def _refuse_bypass(connection: Connection, role: str) -> None:
    row = await connection.fetchrow(
        "SELECT rolsuper OR rolbypassrls OR rolinherit FROM pg_roles WHERE rolname = $1", role
    )
    if row is None or row[0]:
        raise ValueError(f"the role {role} must be NOINHERIT, no superuser and have no BYPASSRLS")


def scram_verifier(password: str) -> str:
    """Give what PostgreSQL stores for a password (RFC 5803), so that the password itself is in no log."""
    if not password.isascii() or not password:
        raise ValueError("the database password must be ASCII")
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"

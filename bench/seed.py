"""What is in the database, known without asking it: tenants by number, and the tokens of two sessions in each."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TENANTS = 1_000
USERS = 200_000
SMALL_TENANT = 90
BIG_TENANT = USERS - (TENANTS - 1) * SMALL_TENANT
OWNER, MEMBER = 0, 2

_SESSIONS = """
INSERT INTO central.sessions (tenant_id, id, user_id, connector_id, token_hash, expires_at, idle_seconds, powerful,
                              address, user_agent)
SELECT t.id, u.id, u.id, c.id, given.hash, now() + interval '30 days', 1209600, given.powerful,
       '203.0.113.7', 'central-bench'
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::boolean[]) given (slug, email, hash, powerful)
JOIN central.tenants t USING (slug)
JOIN central.auth_connectors c ON c.tenant_id = t.id
JOIN central.users u ON u.tenant_id = t.id AND lower(u.email) LIKE given.email
"""


@dataclass(frozen=True)
class SeededSession:
    slug: str
    person: int
    token: str

    @property
    def token_hash(self) -> bytes:
        return hashlib.sha256(self.token.encode()).digest()


def slug_of(tenant: int) -> str:
    return f"tenant-{tenant:04d}"


def session_of(tenant: int, person: int) -> SeededSession:
    """Give the session of the owner or of a member; its token has the form of a real one, 256 bits."""
    slug = slug_of(tenant)
    secret = hashlib.sha256(f"bench {slug} {person}".encode()).digest()
    return SeededSession(slug, person, base64.urlsafe_b64encode(secret).decode().rstrip("="))


def sessions() -> Iterator[SeededSession]:
    for tenant in range(TENANTS):
        yield session_of(tenant, OWNER)
        yield session_of(tenant, MEMBER)


async def seed(connection: Any) -> None:
    """Fill an empty schema within seconds; the connection is a superuser's and may not be used for more."""
    text = (Path(__file__).parent / "seed.sql").read_text()
    sizes = {"$BIG": BIG_TENANT, "$SMALL": SMALL_TENANT, "$TENANTS": TENANTS}
    for name, size in sizes.items():
        text = text.replace(name, str(size))
    await connection.execute(text)
    given = list(sessions())
    await connection.execute(
        _SESSIONS,
        [session.slug for session in given],
        [f"%.{session.person}@{session.slug}.example.com" for session in given],
        [session.token_hash for session in given],
        [session.person == OWNER for session in given],
    )
    for statement in ("SET session_replication_role = origin", "VACUUM ANALYZE", "CHECKPOINT"):
        await connection.execute(statement)

"""PostgreSQL goes and comes back."""

import asyncio
import time
from pathlib import Path

import pytest

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.postgres import EmbeddedPostgres
from support.asgi import assert_problem
from support.place import make_place, make_stack
from support.raw import Raw


async def test_outage_is_said_and_survived(tmp_path: Path) -> None:
    """While PostgreSQL is away every call is a 503 that says when to try again; afterwards everything is as before."""
    postgres = EmbeddedPostgres(tmp_path / "postgres", port=free_port(), durable=False)
    await postgres.start()
    try:
        async with make_stack(postgres, "outage", tmp_path / "mailbox") as stack:
            place = await make_place(stack)
            raw = Raw(stack, place.owner)
            await postgres.stop()
            for method, path, body in (
                ("GET", "me", None),
                ("GET", "users", None),
                ("POST", "users", {"email": "ada@example.com"}),
                ("POST", "auth/email-code/start", {"email": "ada@example.com"}),
            ):
                started = time.monotonic()
                reply = await raw.send(method, f"/v1/tenants/{place.tenant.id}/{path}", body)
                assert_problem(reply, 503, code="database_unavailable")
                assert int(reply.header("retry-after") or 0) >= 1
                assert time.monotonic() - started < 3
            assert (await raw.send("GET", "/meta/liveness-probe")).status == 200
            readiness = await raw.send("GET", "/meta/readiness-probe")
            assert (readiness.status, readiness.json()["ready"]) == (503, False)
            with pytest.raises(UnavailableError):
                await place.owner.users.me()
            await postgres.start()
            async with asyncio.timeout(10):
                while (await raw.send("GET", f"/v1/tenants/{place.tenant.id}/me")).status != 200:  # noqa: ASYNC110 (no event comes)
                    await asyncio.sleep(0.05)
            assert (await place.owner.users.create(email="ada@example.com")).email == "ada@example.com"
    finally:
        await postgres.stop()

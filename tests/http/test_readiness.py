"""Who asks whether a server is ready hears what it waits for."""

import pytest

from central_server.infra.db import revision
from support.place import Place
from support.raw import Raw


async def test_behind_its_version_a_database_is_not_served(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose migrations have not run is not ready, and says what to do."""
    now = revision.HEAD
    monkeypatch.setattr(revision, "HEAD", f"{int(now) + 1:04}")
    reply = await Raw(place.stack).send("GET", "/meta/readiness-probe")
    assert (reply.status, reply.json()["ready"], reply.json()["database"]) == (503, False, "ok")
    assert reply.json()["migrations"] == f"at {now}, this version needs {revision.HEAD}: run `central-server migrate`"


async def test_ahead_of_its_version_a_database_is_served(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server goes on after the migrations of the version that is to replace it."""
    monkeypatch.setattr(revision, "HEAD", f"{int(revision.HEAD) - 1:04}")
    reply = await Raw(place.stack).send("GET", "/meta/readiness-probe")
    assert (reply.json()["database"], reply.json()["migrations"]) == ("ok", "ok")

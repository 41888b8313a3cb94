"""PostgreSQL's errors as errors of the tree."""

from typing import Any

import asyncpg
import pytest
from db_support import NOTES
from sqlalchemy import Integer, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

from central.errors import BadRequestError, CentralError, ConflictError, NotFoundError, UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.db import Database, Query, errors, register_conflict

_FAILURES: list[tuple[str, type[CentralError], str]] = [
    ("23505", ConflictError, "conflict"),
    ("23503", ConflictError, "conflict"),
    ("23514", ConflictError, "conflict"),
    ("23P01", ConflictError, "conflict"),
    ("40001", UnavailableError, "try_again"),
    ("40P01", UnavailableError, "try_again"),
    ("55P03", UnavailableError, "try_again"),
    ("57014", UnavailableError, "database_timeout"),
    ("57P01", UnavailableError, "database_unavailable"),
    ("57P03", UnavailableError, "database_unavailable"),
    ("53300", UnavailableError, "database_unavailable"),
    ("08006", UnavailableError, "database_unavailable"),
    ("22021", BadRequestError, "text_not_storable"),
    ("22P05", BadRequestError, "text_not_storable"),
]


@pytest.mark.parametrize(("state", "kind", "code"), _FAILURES, ids=[failure[0] for failure in _FAILURES])
async def test_each_state_has_a_meaning(db: Database, state: str, kind: type[CentralError], code: str) -> None:
    """A new error each time, with PostgreSQL's as its cause and nothing of its text."""
    fail = Query[Any](text(f"DO $$ BEGIN RAISE 'secret' USING ERRCODE = '{state}'; END $$"))
    raised = []
    for _ in range(2):
        with pytest.raises(kind) as failed:
            await db.unscoped().first(fail)
        raised.append(failed.value)
    assert raised[0] is not raised[1]
    assert raised[0].code == code
    assert "secret" not in str(raised[0])
    assert isinstance(raised[0].__cause__, asyncpg.PostgresError)
    assert raised[0].retry_after == (1 if kind is UnavailableError else None)


async def test_faults_of_ours_stay_what_they_are(db: Database) -> None:
    """They become a 500 elsewhere, with their own trace in the log; the connection is kept."""
    before = db.stats["primary"].discarded
    for statement, kind in (
        ("SELECT nonsense", asyncpg.UndefinedColumnError),
        ("SELECT 1 / 0", asyncpg.DivisionByZeroError),
    ):
        with pytest.raises(kind):
            await db.unscoped().first(Query[Any](text(statement)))
    with pytest.raises(asyncpg.DataError):
        await db.unscoped().first(Query[Any](select(bindparam("n", type_=Integer))), n=2**40)
    assert db.stats["primary"].discarded == before


@pytest.mark.parametrize("unstorable", ["a\x00b", "\ud800"])
async def test_text_that_cannot_be_stored_is_a_bad_request(db: Database, unstorable: str) -> None:
    """NUL and lone surrogates, in columns and in JSON."""
    before = db.stats["primary"].discarded
    with pytest.raises(BadRequestError):
        await db.unscoped().first(Query[Any](select(bindparam("t", type_=Text))), t=unstorable)
    with pytest.raises(BadRequestError):
        await db.unscoped().first(Query[Any](select(bindparam("j", type_=JSONB)["a"].astext)), j={"a": unstorable})
    assert db.stats["primary"].discarded == before


def _taken() -> CentralError:
    return ConflictError("This title is taken.", code="title_taken")


async def test_constraints_speak_for_their_domain(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registered name gives the domain's error; a name is registered once."""
    monkeypatch.setattr(errors, "_conflicts", {})
    register_conflict("uq_notes_title", _taken)
    register_conflict("fk_links_note", lambda: NotFoundError("No such note."))
    with pytest.raises(ValueError, match="already"):
        register_conflict("uq_notes_title", _taken)
    tenant = TenantId.new()
    add = Query[Any](NOTES.insert().values(tenant_id=tenant, title="same"))
    async with db.write(tenant) as writer:
        await writer.execute(add)
    with pytest.raises(ConflictError) as taken:
        async with db.write(tenant) as writer:
            await writer.execute(add)
    assert taken.value.code == "title_taken"
    with pytest.raises(NotFoundError):
        async with db.write(tenant) as writer:
            await writer.execute(
                Query[Any](text("INSERT INTO links VALUES (:t, 1, gen_random_uuid())").bindparams(t=tenant.uuid))
            )

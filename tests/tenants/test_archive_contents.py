"""What is in an archive, and that nothing is forgotten."""

from collections import Counter

from central_server.tenant_archives.contents import ARCHIVED, LEFT_OUT, SEALED
from support.archives import archive_of, members_of
from support.database import superuser, tenant_tables
from support.full import full_place
from support.place import Stack
from support.signing_in import mailed_code


async def test_every_table_is_archived_or_left_out(stack: Stack) -> None:
    """A table with tenants that is neither, in the database's own catalog, fails this test."""
    archived = Counter(one.table.name for one in (*ARCHIVED, *SEALED) if one.table.name != "tenants")
    async with superuser(stack) as connection:
        assert {*archived, *LEFT_OUT} == set(await tenant_tables(connection)), "add it to an archiving.py"
    assert set(archived.values()) == {1}
    assert not archived.keys() & LEFT_OUT.keys()


def test_every_column_is_archived_or_left_out() -> None:
    """A column is there, or has the reason why not; none is left out that there is not."""
    for one in (*ARCHIVED, *SEALED):
        tenant = {"id"} if one.table.name == "tenants" else {"tenant_id"}
        columns = {column.name for column in one.table.c} - tenant
        assert columns == {*one.row.model_fields, *one.left_out}, one.table.name
        assert all(one.left_out.values())


async def test_neither_codes_nor_sessions(stack: Stack) -> None:
    """Nothing in it lets anybody in: no session, no code, no sealed value of this server."""
    place = await full_place(stack)
    started = await place.anonymous().auth.start_email_code(email=place.owner_user.email)
    code = await mailed_code(place, started.sign_in)
    token = place.owner.session_token
    assert token is not None
    everything = b"".join(members_of(await archive_of(stack, place.tenant.id)).values())
    for secret in (token.get_secret_value(), code):
        assert secret.encode() not in everything
    async with superuser(stack) as connection:
        hashes = await connection.fetch("SELECT token_hash FROM sessions WHERE tenant_id = $1", place.tenant.id.uuid)
    assert hashes
    assert not any(row["token_hash"].hex().encode() in everything for row in hashes)

import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.database import superuser
from support.place import Place
from support.raw import Raw


async def test_colours_are_set_shown_and_taken_away(owner: AsyncCentral, anonymous: AsyncCentral, place: Place) -> None:
    """Colours are shown to anyone, in lower case; what is not given is taken away; and every change counts."""
    changed = await owner.tenants.set_branding(accent_color="#336699", background_color=" #FAFBFC ")
    assert (changed.accent_color, changed.background_color, changed.version) == ("#336699", "#fafbfc", 2)
    seen = await anonymous.tenants.get_public()
    assert (seen.accent_color, seen.background_color) == ("#336699", "#fafbfc")
    changed = await owner.tenants.set_branding(background_color="#000000")
    assert (changed.accent_color, changed.background_color, changed.name) == (None, "#000000", place.tenant.name)
    assert changed.updated_at > place.tenant.updated_at


@pytest.mark.parametrize(
    "colour",
    [
        *("red", "#fff", "#ffffff ff", "#gggggg", "336699", "", "#33669", "#3366990", "#33\n699", "#336699\u0000"),
        *(
            "rgb(0,0,0)",
            "#336699;}body{background:url(//evil.example)}",
            "</style>",
            "var(--ink)",
            "#\uff13\uff13\uff16\uff16\uff19\uff19",
        ),
    ],
)
async def test_anything_but_a_colour_is_refused(owner: AsyncCentral, place: Place, colour: str) -> None:
    """What goes into a style sheet is a colour of six hexadecimal digits, to the client and to the server."""
    with pytest.raises(ValidationFailedError):
        await owner.tenants.set_branding(accent_color=colour)
    raw = Raw(place.stack, owner)
    for field in ("accentColor", "backgroundColor"):
        reply = await raw.send("PUT", f"/v1/tenants/{place.tenant.slug}/branding", {field: colour})
        assert_problem(reply, 422)
    assert (await owner.tenants.get()).version == 1


async def test_the_database_holds_colours_only(place: Place) -> None:
    """The second wall: the table itself takes nothing else."""
    async with superuser(place.stack) as connection:
        for column in ("accent_color", "background_color"):
            for value in ("red", "#336699;}", "#33669G", "#336699\n"):
                with pytest.raises(Exception, match=f"ck_tenants_{column}"):
                    await connection.execute(
                        f"UPDATE tenants SET {column} = $2 WHERE id = $1", place.tenant.id.uuid, value
                    )


async def test_only_owners_may(member: AsyncCentral, admin: AsyncCentral) -> None:
    """Only whoever may change the tenant itself sets its colours."""
    for client in (member, admin):
        with pytest.raises(ForbiddenError):
            await client.tenants.set_branding(accent_color="#336699")


async def test_stale_version_is_refused(owner: AsyncCentral) -> None:
    """Of ten people who change what they saw at the same time, one does."""
    version = (await owner.tenants.get()).version
    answers = await asyncio.gather(
        *[owner.tenants.set_branding(accent_color=f"#{n:06x}", expected_version=version) for n in range(10)],
        return_exceptions=True,
    )
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 9
    assert (await owner.tenants.get()).version == version + 1


async def test_event(owner: AsyncCentral, place: Place) -> None:
    """The change is an event, with who did it."""
    await owner.tenants.set_branding(accent_color="#336699")
    async with superuser(place.stack) as connection:
        actor = await connection.fetchval(
            "SELECT payload ->> 'actor' FROM outbox WHERE tenant_id = $1 AND kind = 'tenant.branding_changed'",
            place.tenant.id.uuid,
        )
    assert actor == place.owner_user.id

"""Changing one's own profile."""

import pytest

from central_client import AsyncCentral, ValidationFailedError
from support.place import Place


async def test_profile_is_changed_and_cleared(member: AsyncCentral, place: Place) -> None:
    """Name, locale and time zone are the person's own to change; null clears the latter two; the rest stays."""
    before = await member.users.me()
    changed = await member.users.update_me(display_name="Ada", locale="de-CH", time_zone="Europe/Zurich")
    assert (changed.display_name, changed.locale, changed.time_zone) == ("Ada", "de-CH", "Europe/Zurich")
    assert (changed.email, changed.roles, changed.version) == (before.email, before.roles, before.version + 1)
    assert await member.users.me() == changed
    assert (await place.owner.users.get(user=before.id)).locale == "de-CH"
    cleared = await member.users.update_me(locale=None)
    assert (cleared.locale, cleared.time_zone) == (None, "Europe/Zurich")


@pytest.mark.parametrize(
    "change", [{"locale": "deutsch!"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../etc/passwd"}, {"locale": ""}]
)
async def test_what_is_none_is_refused(member: AsyncCentral, change: dict[str, str]) -> None:
    """A locale is a BCP 47 tag, and a time zone is one of the IANA's."""
    with pytest.raises(ValidationFailedError):
        await member.users.update_me(**change)


async def test_an_owner_changes_themselves(owner: AsyncCentral) -> None:
    """The rule that nobody changes who may do more than they does not keep anybody from themselves."""
    assert (await owner.users.update_me(display_name="Boss")).display_name == "Boss"

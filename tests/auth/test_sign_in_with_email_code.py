import pytest

from central.auth.models import StartEmailCodeSignInResponse
from central.errors import GoneError, UnauthenticatedError
from support.place import Place
from support.signing_in import mailed_code, run_sql, wrong


async def test_one_call_signs_in(place: Place) -> None:
    """The client starts, asks for the code, and holds the session afterwards."""
    user = await place.user()
    client = place.anonymous()

    async def code(challenge: StartEmailCodeSignInResponse) -> str:
        return await mailed_code(place, challenge.sign_in)

    signed_in = await client.auth.sign_in_with_email_code(email=user.email, code=code)
    assert signed_in.user.id == (await client.users.me()).id == user.id


async def test_wrong_codes_are_asked_for_again(place: Place) -> None:
    """A wrong and a malformed code are asked for again; the third wrong one ends it."""
    user = await place.user()
    client, asked = place.anonymous(), []

    async def third(challenge: StartEmailCodeSignInResponse) -> str:
        asked.append(challenge.sign_in)
        code = await mailed_code(place, challenge.sign_in)
        return [wrong(code), "12 34", code][len(asked) - 1]

    await client.auth.sign_in_with_email_code(email=user.email, code=third)
    assert len(asked) == 3
    assert len(set(asked)) == 1

    async def never(challenge: StartEmailCodeSignInResponse) -> str:
        return wrong(await mailed_code(place, challenge.sign_in))

    with pytest.raises(UnauthenticatedError) as refusal:
        await place.anonymous().auth.sign_in_with_email_code(email=user.email, code=never)
    assert refusal.value.code == "wrong_code"


async def test_a_sign_in_that_is_over_ends_it(place: Place) -> None:
    """When the code has expired, the client does not ask again."""
    user, asked = await place.user(), []

    async def late(challenge: StartEmailCodeSignInResponse) -> str:
        asked.append(challenge)
        await run_sql(place, "UPDATE email_codes SET expires_at = now() WHERE id = $1", challenge.sign_in.uuid)
        return "000000"

    with pytest.raises(GoneError):
        await place.anonymous().auth.sign_in_with_email_code(email=user.email, code=late)
    assert len(asked) == 1

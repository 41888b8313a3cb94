"""What an attacker makes of parts of other people's sign-ins, or of another provider's (RFC 9700, 4.4 and 4.5)."""

import pytest

from central.auth_connectors.models import AuthConnector
from support.place import Place
from support.provider import Misbehaviour, Provider, callback_parameters
from support.signing_in import Browser, connect_provider, count_sessions, failures, person


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnector:
    """A connector that lets people of its domain in just in time."""
    return await connect_provider(place, provider, allowed=[place.domain])


async def test_code_of_another_sign_in(place: Place, provider: Provider, connector: AuthConnector) -> None:
    """A code that was stolen from somebody else's callback is worth nothing in the thief's own (code injection)."""
    async with Browser(place) as victim, Browser(place) as thief:
        provider.person = person(place.address("victim"))
        theirs = callback_parameters(await victim.begin(provider, connector.id))["code"]
        provider.person = person(place.address("thief"))
        url = await thief.begin(provider, connector.id)
        answer = await thief.go(url.replace(callback_parameters(url)["code"], theirs))
        assert (answer.status_code, answer.json()["code"]) == (403, "token_refused")
        assert thief.session is None
    assert await failures(place) == ["token_refused"]
    assert await count_sessions(place) == 0


async def test_token_of_another_provider(place: Place, provider: Provider, connector: AuthConnector) -> None:
    """What an honest provider said of somebody counts for nothing when a hostile one repeats it."""
    provider.person = person(place.address("victim"))
    said: list[str] = []
    sign = provider._signed

    def overhear(*arguments: object) -> str:
        said.append(sign(*arguments))
        return said[-1]

    provider._signed = overhear
    async with Browser(place) as victim:
        assert (await victim.sign_in(provider, connector.id)).status_code == 303
    async with Provider() as hostile, Browser(place) as thief:
        evil = await connect_provider(place, hostile, trusted=[place.domain], allowed=[place.domain])
        hostile.misbehaviour = Misbehaviour(id_token=said[0])
        answer = await thief.sign_in(hostile, evil.id)
        assert (answer.status_code, answer.json()["code"]) == (403, "token_refused")
        assert thief.session is None
    assert await count_sessions(place) == 1


async def test_answer_of_another_provider(place: Place, provider: Provider, connector: AuthConnector) -> None:
    """A hostile provider that sends the browser back to an honest one's callback gets neither a session nor a code."""
    async with Provider() as hostile, Browser(place) as browser:
        evil = await connect_provider(place, hostile, allowed=[place.domain])
        hostile.person = person(place.address("victim"))
        url = await browser.begin(hostile, evil.id)
        spent = provider.hits["token"]
        for moved in (url, url.replace(hostile.issuer, provider.issuer)):
            answer = await browser.go(moved.replace(str(evil.id), str(connector.id)))
            assert (answer.status_code, answer.json()["code"]) == (410, "sign_in_ended")
        assert provider.hits["token"] == spent
        assert browser.session is None

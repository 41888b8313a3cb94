"""A provider and a relying party for each test."""

import pytest

from central_server.infra.oidc import OidcError
from support.provider import Provider
from support.relying_party import RelyingParty


class FakeClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def provider():
    async with Provider() as provider:
        yield provider


@pytest.fixture
async def party(provider, clock):
    async with RelyingParty(provider, clock, total_timeout=2) as party:
        yield party


@pytest.fixture
def refused(party, provider):
    """Sign in under a misbehaviour and give the reason of the refusal."""

    async def sign_in(misbehaviour, **options):
        provider.misbehaviour = misbehaviour
        with pytest.raises(OidcError) as caught:
            await party.sign_in(**options)
        return caught.value.reason

    return sign_in

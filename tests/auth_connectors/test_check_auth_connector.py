from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from central.auth_connectors.checks import AuthConnectorCheck
from central.auth_connectors.models import OidcSettings
from central.errors import NotFoundError
from central_client import AsyncCentral
from support.http_server import Reply
from support.oauth2_provider import OAuth2Provider
from support.place import Place
from support.provider import Misbehaviour, Person, Provider
from support.signing_in import Browser, connect_provider, person


def _found(check: AuthConnectorCheck) -> dict[str, tuple[str, str | None]]:
    return {finding.subject: (finding.state, finding.problem) for finding in check.findings}


async def test_everything_is_well(place: Place, provider: Provider) -> None:
    """All is looked at, and what to register is said."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = Person(sub="ada", email=place.address(), claims={"groups": ["a"]})
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert check.healthy
    assert _found(check) == {
        "enabled": ("ok", None),
        "discovery": ("ok", None),
        "issuer": ("ok", None),
        "keys": ("ok", None),
        "client_secret": ("ok", None),
        "test": ("warning", "connector_untested"),
        "domains": ("ok", None),
    }
    assert isinstance(connector.settings, OidcSettings)
    assert check.redirect_uri == connector.settings.redirect_uri
    assert {"email", "groups", "sub"} <= set(check.claims)
    assert place.address() not in check.model_dump_json()
    assert check.failed_sign_ins == []
    assert check.claims_seen_at is not None
    assert abs(check.claims_seen_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("wrong", "subject", "problem"),
    [
        (Misbehaviour(status={"discovery": 500}), "discovery", "bad_status"),
        (Misbehaviour(not_json=("discovery",)), "discovery", "not_json"),
        (Misbehaviour(discovery={"issuer": "https://other.example"}), "issuer", "issuer_mismatch"),
        (Misbehaviour(status={"jwks": 404}), "keys", "bad_status"),
        (Misbehaviour(discovery={"jwks_uri": "http://169.254.169.254/"}), "discovery", "address_refused"),
    ],
)
async def test_what_is_wrong_with_a_provider(
    place: Place, provider: Provider, wrong: Misbehaviour, subject: str, problem: str
) -> None:
    """The provider is asked now, past what is kept of it, and what is wrong is a finding, not an error."""
    connector = await connect_provider(place, provider)
    provider.misbehaviour = wrong
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert not check.healthy
    assert _found(check)[subject] == ("failed", problem)


@pytest.mark.parametrize(("skew", "state"), [(5, "ok"), (-300, "failed"), (300, "failed")])
async def test_clock(place: Place, provider: Provider, monkeypatch: pytest.MonkeyPatch, skew: int, state: str) -> None:
    """By how much the provider's clock differs is told, and is too much beyond a minute."""
    connector = await connect_provider(place, provider)
    handle = provider._server.handler

    async def with_date(request: Any) -> Reply:
        reply = await handle(request)
        now = datetime.now(UTC) + timedelta(seconds=skew)
        return Reply(reply.status, reply.body, {**reply.headers, "date": format_datetime(now, usegmt=True)})

    monkeypatch.setattr(provider._server, "handler", with_date)
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert check.clock_skew_seconds is not None
    assert abs(check.clock_skew_seconds - skew) <= 3
    assert _found(check)["clock"][0] == state


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, ("failed", "secret_expired")), (5, ("warning", "secret_expiring")), (200, ("ok", None))],
)
async def test_end_of_the_secret(place: Place, provider: Provider, days: int, expected: tuple[str, str | None]) -> None:
    """The secret that lasts longest counts."""
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": "x", "client_secret": "first"}
    connector = await place.owner.auth_connectors.create(
        name="Okta", settings=settings, client_secret_expires_at=datetime.now(UTC) - timedelta(days=3)
    )
    await place.owner.auth_connectors.add_secret(
        connector=connector.id, client_secret="second", expires_at=datetime.now(UTC) + timedelta(days=days, hours=1)
    )
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert _found(check)["client_secret"] == expected
    assert _found(check)["enabled"] == ("warning", "connector_disabled")


async def test_last_failed_sign_ins(place: Place, provider: Provider) -> None:
    """The last twenty are told, newest first, with their reasons, and those of other connectors are not."""
    connector, other = await connect_provider(place, provider), await connect_provider(place, provider)
    async with Browser(place) as browser:
        for number in range(22):
            provider.person = person(place.address(), verified=number != 21)
            await browser.sign_in(provider, connector.id)
        provider.person = None
        await browser.sign_in(provider, other.id)
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert [failed.reason for failed in check.failed_sign_ins] == ["email_not_verified"] + ["user_unknown"] * 19
    assert all(failed.sign_in_id and failed.request_id for failed in check.failed_sign_ins)
    times = [failed.at for failed in check.failed_sign_ins]
    assert times == sorted(times, reverse=True)
    (refused,) = (await place.owner.auth_connectors.check(connector=other.id)).failed_sign_ins
    assert (refused.reason, refused.fault) == ("provider_refused", "access_denied")


async def test_domains_and_roles_that_count_for_nothing(place: Place, provider: Provider) -> None:
    """What a connector names in vain is told."""
    await place.owner.roles.create(slug="gone", name="Gone", permissions=[])
    connector = await connect_provider(
        place, provider, allowed=["unclaimed.example"], default_roles=["gone"], verified=False
    )
    await place.owner.roles.delete(role="gone")
    check = await place.owner.auth_connectors.check(connector=connector.id)
    assert _found(check)["domains"] == ("warning", "domain_not_verified")
    assert _found(check)["roles"] == ("warning", "unknown_role")
    assert check.healthy


async def test_other_kinds(place: Place) -> None:
    """Of a provider without OpenID what can be known is told; mailed codes have no provider."""
    async with OAuth2Provider() as github:
        connector = await place.owner.auth_connectors.create(name="GitHub", settings=github.settings())
        check = await place.owner.auth_connectors.check(connector=connector.id)
        assert _found(check)["endpoints"] == ("ok", None)
        assert check.healthy
        wrong = await place.owner.auth_connectors.create(
            name="Inside", settings=github.settings(user_endpoint="http://10.0.0.1/user")
        )
        assert _found(await place.owner.auth_connectors.check(connector=wrong.id))["endpoints"][0] == "failed"
    (codes,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    check = await place.owner.auth_connectors.check(connector=codes.id)
    assert (_found(check), check.redirect_uri) == ({"enabled": ("ok", None)}, None)


async def test_foreign_connector_is_not_there(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Another tenant's administrators make nobody ask its provider."""
    connector, asked = await connect_provider(place, provider), provider.hits["discovery"]
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.check(connector=connector.id)
    assert provider.hits["discovery"] == asked

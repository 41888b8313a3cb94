"""What people see of sign-ins at a provider that go wrong, and what their administrators are told."""

from collections.abc import Sequence
from typing import Any, get_args

import pytest

from central.auth.events import SignInFault
from central.auth_connectors.models import AuthConnector
from central_server.infra.oidc import REASONS
from support.database import superuser
from support.pages import PageBrowser
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.signing_in import Browser, connect_provider, person, run_sql


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnector:
    """A connector that lets people of its domain in just in time."""
    provider.person = person(place.address())
    return await connect_provider(place, provider, name="Okta", trusted=[place.domain], allowed=[place.domain])


async def _told(place: Place) -> Sequence[Any]:
    """Give what the tenant's administrators are told of refused sign-ins."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT payload ->> 'reason' AS reason, payload ->> 'fault' AS fault, payload ->> 'requestId' AS request,"
            " payload ->> 'connectorId' AS connector, payload ->> 'signInId' AS sign_in, payload::text AS text"
            " FROM outbox WHERE tenant_id = $1 AND kind = 'auth.sign_in.failed' ORDER BY created_at, id",
            place.tenant.id.uuid,
        )
    return [dict(row) for row in rows]


async def _begin(place: Place, browser: PageBrowser, connector: AuthConnector, **query: str) -> str:
    page = await browser.open(
        f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start", **{"returnTo": "/app", **query}
    )
    assert page.status == 303, page.response.text
    return page.location or ""


@pytest.mark.parametrize(
    ("wrong", "reason", "fault"),
    [
        (
            Misbehaviour(callback={"error": "access_denied"}, drop_callback=("code",)),
            "provider_refused",
            "access_denied",
        ),
        (Misbehaviour(callback={"error": "<script>"}, drop_callback=("code",)), "provider_refused", None),
        (Misbehaviour(drop_callback=("code",)), "provider_refused", None),
        (Misbehaviour(callback={"iss": "https://evil.example"}), "token_refused", "callback_issuer_mismatch"),
        (Misbehaviour(drop_callback=("iss",)), "token_refused", "callback_issuer_missing"),
        (Misbehaviour(callback={"code": "made-up"}), "token_refused", "code_rejected"),
        (Misbehaviour(claims={"nonce": "another"}), "token_refused", "wrong_nonce"),
        (Misbehaviour(claims={"aud": "another"}), "token_refused", "wrong_audience"),
        (Misbehaviour(signature="broken"), "token_refused", "bad_signature"),
        (Misbehaviour(token_error=(401, "invalid_client")), "token_refused", "client_rejected"),
        (Misbehaviour(claims={"email_verified": False}), "email_not_verified", None),
        (Misbehaviour(claims={"email": "ada@other.example"}), "domain_not_allowed", None),
    ],
)
async def test_refusal_is_a_page_with_a_code_and_a_reference(
    place: Place,
    provider: Provider,
    connector: AuthConnector,
    browser: PageBrowser,
    wrong: Misbehaviour,
    reason: str,
    fault: str | None,
) -> None:
    """The page has a stable code and an id; the tenant's events have the id, the full reason, and nothing personal."""
    provider.misbehaviour = wrong
    url = await provider.authorize(await _begin(place, browser, connector))
    page = await browser.open(url)
    assert (page.status, page.reference) == (403, (reason, page.response.headers["x-request-id"]))
    assert page.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp"}
    assert place.tenant.name in page.words
    (told,) = await _told(place)
    assert (told["reason"], told["fault"], told["request"]) == (reason, fault, page.reference[1])
    assert told["connector"] == connector.id
    assert told["sign_in"] is not None
    assert provider.person is not None
    for secret in (place.domain, provider.person.sub, "Ada", "script"):
        assert secret not in told["text"]
    assert browser.session is None


async def test_programs_still_get_problem_details(place: Place, provider: Provider, connector: AuthConnector) -> None:
    """Without a person in front of it, the callback answers as it always did."""
    provider.misbehaviour = Misbehaviour(claims={"nonce": "another"})
    async with Browser(place) as browser:
        answer = await browser.sign_in(provider, connector.id)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "token_refused"


async def test_sign_in_that_is_over(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A callback that comes too late, twice or to another browser is told, with the way back where that is known."""
    url = await provider.authorize(await _begin(place, browser, connector))
    await run_sql(place, "UPDATE login_transactions SET expires_at = now() WHERE tenant_id = $1", place.tenant.id.uuid)
    page = await browser.open(url)
    assert (page.status, page.reference[0]) == (410, "sign_in_ended")
    assert page.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp"}
    async with PageBrowser(place.stack) as other:
        page = await other.open(url)
        assert (page.status, page.links) == (410, {"Try again": f"/t/{place.tenant.slug}"})
    for broken in (url.partition("?")[0], url.replace("state=", "state=%00"), url.replace("state=", "state=signin-x.")):
        assert (await browser.open(broken)).status in {400, 410}


async def test_connector_that_was_switched_off(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A way in that is switched off says so before and after the provider, and leads to the others."""
    url = await provider.authorize(await _begin(place, browser, connector))
    await place.owner.auth_connectors.disable(connector=connector.id)
    start = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    for page in (await browser.open(url), await browser.open(start, returnTo="/app")):
        assert (page.status, page.reference[0]) == (403, "connector_disabled")
        assert page.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp"}
    assert [told["reason"] for told in await _told(place)] == ["connector_disabled"]


async def test_provider_that_is_away(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A provider that fails meanwhile is a page to try again from, with when, and no refusal."""
    url = await provider.authorize(await _begin(place, browser, connector))
    provider.misbehaviour = Misbehaviour(status={"token": 503})
    page = await browser.open(url)
    assert (page.status, page.response.headers["retry-after"]) == (503, "5")
    assert page.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp"}
    assert await _told(place) == []


async def test_addresses_of_others_keep_nothing(place: Place, connector: AuthConnector, browser: PageBrowser) -> None:
    """The way back never leads away, whatever the address of the failed start said."""
    start = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    page = await browser.open(start, returnTo="//evil.example")
    assert page.status == 422
    assert page.links == {"Try again": f"/t/{place.tenant.slug}"}
    page = await browser.open(start.replace(place.tenant.slug, "nobody-here"))
    assert (page.status, page.links) == (404, {})


def test_every_fault_can_be_told() -> None:
    """Whatever the relying party finds wrong is a word that events know."""
    known = set(get_args(SignInFault))
    assert {"wrong_nonce", "auth_time_too_old", "access_denied"} <= known
    assert set(REASONS) <= known

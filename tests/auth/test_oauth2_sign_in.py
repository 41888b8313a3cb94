"""Signing in at a provider without OpenID Connect, shaped as GitHub."""

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from central.auth_connectors.models import AuthConnector, OAuth2Settings
from central.errors import ForbiddenError, ValidationFailedError
from support.domains import verify_domain
from support.http_server import Reply
from support.oauth2_provider import OAuth2Provider
from support.place import Place
from support.signing_in import Browser, count_sessions, failures, query_of


@pytest.fixture
async def github() -> AsyncIterator[OAuth2Provider]:
    """A provider of the test's own."""
    async with OAuth2Provider() as running:
        yield running


async def _connect(place: Place, github: OAuth2Provider, **changes: Any) -> AuthConnector:
    """Let people of the tenant's own domain in, just in time."""
    await verify_domain(place)
    return await place.owner.auth_connectors.create(
        name=f"GitHub {secrets.token_hex(3)}",
        settings=github.settings(**changes),
        provisioning={"just_in_time": True, "allowed_domains": [place.domain]},
        enabled=True,
        force=True,
    )


async def _sign_in(place: Place, github: OAuth2Provider, connector: AuthConnector) -> tuple[int, str]:
    """Sign in from start to end; gives the status, and the address or the code of the refusal."""
    async with Browser(place) as browser:
        answer = await browser.go(await github.authorize(await browser.start(connector.id)))
        if answer.status_code == 303:
            return 303, (await browser.client().users.me()).email
        return answer.status_code, answer.json()["code"]


async def test_from_start_to_end(place: Place, github: OAuth2Provider) -> None:
    """A new person gets a user with their primary address and name, and is the same one the next time."""
    connector, email = await _connect(place, github), place.address("ada")
    settings = connector.settings
    assert isinstance(settings, OAuth2Settings)
    assert (connector.kind, settings.mapping.subject, settings.has_client_secret) == ("oauth2", "id", True)
    github.tell(email)
    assert await _sign_in(place, github, connector) == (303, email)
    asked, exchanged = github.seen["authorize"].query, github.seen["access_token"].form
    assert (asked["scope"], asked["code_challenge_method"]) == ("read:user user:email", "S256")
    assert (exchanged["client_secret"], exchanged["redirect_uri"]) == (github.client_secret, settings.redirect_uri)
    github.tell(place.address("renamed"))
    assert await _sign_in(place, github, connector) == (303, email)
    (user,) = [u async for u in place.owner.users.list(email=email)]
    (identity,) = [i async for i in place.owner.identities.list(user=user.id)]
    assert (user.display_name, user.email_verified) == ("Ada Lovelace", True)
    assert (identity.issuer, identity.subject) == (f"{github.url}/user", "583231")
    assert await count_sessions(place, user.id) == 2


async def test_basic_authentication_and_no_secret(place: Place, github: OAuth2Provider) -> None:
    """The client shows who it is as the settings say."""
    github.authentication = "basic"
    connector = await _connect(place, github, client_authentication="basic")
    github.tell(place.address())
    assert (await _sign_in(place, github, connector))[0] == 303
    assert "client_secret" not in github.seen["access_token"].form


@pytest.mark.parametrize("verified", [False, None, "true", 1, 0])
async def test_only_true_is_verified(place: Place, github: OAuth2Provider, verified: Any) -> None:
    """An address counts if the provider says the boolean true of the primary one, and never else."""
    connector = await _connect(place, github)
    github.tell(place.address(), verified=verified)
    assert await _sign_in(place, github, connector) == (403, "email_not_verified")
    assert await failures(place) == ["email_not_verified"]


@pytest.mark.parametrize(
    "emails",
    [
        [],
        [{"email": "{email}", "verified": True}],
        [{"email": "{email}", "verified": True, "primary": "yes"}],
        [{"email": 7, "verified": True, "primary": True}],
        ["{email}"],
    ],
)
async def test_lists_without_a_primary_address(place: Place, github: OAuth2Provider, emails: Any) -> None:
    """Without a primary address there is none."""
    connector, email = await _connect(place, github), place.address()
    github.emails = json.loads(json.dumps(emails).replace("{email}", email))
    assert await _sign_in(place, github, connector) == (403, "email_not_verified")


async def test_mapping_by_names(place: Place, github: OAuth2Provider) -> None:
    """Without a list of addresses the mapping says where everything is, deep inside if need be."""
    mapping = {"subject": "data.uuid", "email": "data.mail", "email_verified": "data.mail_ok", "name": "data.full.name"}
    connector, email = await _connect(place, github, emails_endpoint=None, mapping=mapping), place.address()
    github.user = {"data": {"uuid": "u-1", "mail": email, "mail_ok": True, "full": {"name": "Grace"}}}
    assert await _sign_in(place, github, connector) == (303, email)
    (user,) = [u async for u in place.owner.users.list(email=email)]
    assert user.display_name == "Grace"
    github.user = {"data": {"uuid": "u-2", "mail": place.address(), "mail_ok": "true"}}
    assert await _sign_in(place, github, connector) == (403, "email_not_verified")


@pytest.mark.parametrize("subject", [None, "", 1.5, True, [], {}, "x" * 256, "a\nb", "é"])
async def test_subjects_that_are_none(place: Place, github: OAuth2Provider, subject: Any) -> None:
    """Who cannot be told from others is nobody: no user, no session, and the reason is told."""
    connector = await _connect(place, github)
    github.tell(place.address())
    github.user = {"id": subject}
    assert await _sign_in(place, github, connector) == (403, "token_refused")
    assert await count_sessions(place) == 0


@pytest.mark.parametrize(
    ("endpoint", "reply", "code"),
    [
        ("access_token", Reply.json({"error": "bad_verification_code"}), "token_refused"),
        ("access_token", Reply.json({"error": "incorrect_client_credentials"}), "token_refused"),
        ("access_token", Reply.json({"error": "something"}), "token_refused"),
        ("access_token", Reply.json({"access_token": "x"}), "token_refused"),
        ("access_token", Reply.json({"access_token": "x", "token_type": "mac"}), "token_refused"),
        ("access_token", Reply.json({"access_token": "a b", "token_type": "bearer"}), "token_refused"),
        ("access_token", Reply(body=b"access_token=x"), "token_refused"),
        ("access_token", Reply(302, headers={"location": "https://elsewhere.example"}), "token_refused"),
        ("user", Reply.json({"message": "Bad credentials"}, 401), "token_refused"),
        ("user", Reply.json([]), "token_refused"),
        ("user", Reply(302, headers={"location": "http://169.254.169.254/"}), "token_refused"),
        ("emails", Reply.json({"email": "a@b.example"}), "token_refused"),
        ("user", Reply(500), "bad_status"),
    ],
)
async def test_answers_that_are_none(
    place: Place, github: OAuth2Provider, endpoint: str, reply: Reply, code: str
) -> None:
    """Whatever else the provider answers signs nobody in."""
    connector = await _connect(place, github)
    github.tell(place.address())
    github.replies[endpoint] = reply
    status, told = await _sign_in(place, github, connector)
    assert (status, told) == (503 if code == "bad_status" else 403, code)
    assert await count_sessions(place) == 0


async def test_refused_client_is_tried_by_the_other_secret(place: Place, github: OAuth2Provider) -> None:
    """A refusal of the client, also one of status 200, leads to the other secret; one of the code does not."""
    connector, email = await _connect(place, github), place.address()
    github.tell(email)
    await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="not yet known there")
    assert await _sign_in(place, github, connector) == (303, email)
    assert github.hits["access_token"] == 2
    github.replies["access_token"] = Reply.json({"error": "bad_verification_code"})
    assert (await _sign_in(place, github, connector))[0] == 403
    assert github.hits["access_token"] == 3


async def test_denied(place: Place, github: OAuth2Provider) -> None:
    """Who does not agree at the provider is told so."""
    connector = await _connect(place, github)
    github.denies = True
    assert await _sign_in(place, github, connector) == (403, "provider_refused")


async def test_code_of_one_browser_is_none_in_another(place: Place, github: OAuth2Provider) -> None:
    """The callback counts in the browser that began, and once."""
    connector = await _connect(place, github)
    github.tell(place.address())
    async with Browser(place) as mine, Browser(place) as other:
        url = await github.authorize(await mine.start(connector.id))
        await other.start(connector.id)
        assert (await other.go(url)).status_code == 410
        assert github.hits["access_token"] == 0
        assert (await mine.go(url)).status_code == 303
        assert (await mine.go(url)).status_code == 410


async def test_age_cannot_be_asked_for(place: Place, github: OAuth2Provider) -> None:
    """Nothing in OAuth 2.0 says when somebody signed in, so that no confirmation goes by it."""
    connector = await _connect(place, github)
    with pytest.raises(ForbiddenError) as refusal:
        await place.anonymous().auth.start_provider(connector=connector.id, max_age=0)
    assert refusal.value.code == "not_recent"
    started = await place.anonymous().auth.start_provider(connector=connector.id, login_hint="ada@example.com")
    assert query_of(started.authorization_url)["login"] == "ada@example.com"


async def test_same_subject_at_two_connectors(place: Place, github: OAuth2Provider) -> None:
    """A person is one of their connector: the same subject by another one links nobody."""
    first, second = await _connect(place, github), None
    github.tell(place.address("ada"))
    assert (await _sign_in(place, github, first))[0] == 303
    second = await place.owner.auth_connectors.create(
        name="Another", settings=github.settings(), enabled=True, force=True
    )
    assert await _sign_in(place, github, second) == (403, "email_taken")


async def test_what_people_are_known_by_never_changes(place: Place, github: OAuth2Provider) -> None:
    """Endpoints and the subject stay, since whoever changes them says who is whom."""
    connector = await _connect(place, github)
    for change, field in (
        ({"user_endpoint": f"{github.url}/me"}, "settings.userEndpoint"),
        ({"token_endpoint": f"{github.url}/t"}, "settings.tokenEndpoint"),
        ({"authorization_endpoint": f"{github.url}/a"}, "settings.authorizationEndpoint"),
        ({"mapping": {"subject": "login"}}, "settings.mapping.subject"),
    ):
        with pytest.raises(ValidationFailedError) as refusal:
            await place.owner.auth_connectors.update(connector=connector.id, settings=github.settings(**change))
        assert [(e.field, e.code) for e in refusal.value.field_errors] == [(field, "immutable")]
    changed = await place.owner.auth_connectors.update(
        connector=connector.id, settings=github.settings(scopes=["read:user"])
    )
    assert changed.settings.model_dump()["scopes"] == ["read:user"]

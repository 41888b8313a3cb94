import asyncio
from typing import Any

import pytest

from central.auth_connectors.models import OidcSettings
from central.errors import ConflictError, ValidationFailedError
from central_client import AsyncCentral
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.infra.vault import VaultError
from support.database import superuser
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.raw import Raw
from support.signing_in import connect_provider, run_sql

SECRET = "canary-6f1d0c5e-secret"


def _oidc(provider: Provider, **changes: Any) -> dict[str, Any]:
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": provider.client_id, "client_secret": SECRET}
    return {**settings, **changes}


async def _count(place: Place) -> int:
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM auth_connectors WHERE tenant_id = $1", place.tenant.id.uuid
        )
    return found


async def test_create_oidc_connector(owner: AsyncCentral, provider: Provider) -> None:
    """An OIDC connector is disabled, makes nobody a user and trusts no domain unless told to."""
    connector = await owner.auth_connectors.create(name=" Google ", settings=_oidc(provider))
    settings = connector.settings
    assert isinstance(settings, OidcSettings)
    assert (connector.name, connector.kind, connector.enabled, connector.version) == ("Google", "oidc", False, 1)
    assert (settings.issuer, settings.client_id) == (provider.issuer, provider.client_id)
    assert (settings.scopes, settings.trusted_domains) == (["openid", "email", "profile"], [])
    assert settings.has_client_secret
    assert (connector.provisioning.just_in_time, connector.provisioning.allowed_domains) == (False, [])
    assert await owner.auth_connectors.get(connector=connector.id) == connector


async def test_domains_are_lowered(owner: AsyncCentral, provider: Provider) -> None:
    """Domains are kept in lower case, as they are compared."""
    connector = await owner.auth_connectors.create(
        name="Google",
        settings=_oidc(provider, trusted_domains=["Example.COM"]),
        provisioning={"just_in_time": True, "allowed_domains": ["EXAMPLE.com"]},
    )
    assert isinstance(connector.settings, OidcSettings)
    assert connector.settings.trusted_domains == ["example.com"]
    assert connector.provisioning.allowed_domains == ["example.com"]
    assert not connector.enabled


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Misbehaviour(discovery={"issuer": "https://other.example"}), "issuer_mismatch"),
        (Misbehaviour(discovery={"issuer": "http://127.0.0.1"}), "issuer_mismatch"),
        (Misbehaviour(drop_discovery=("authorization_endpoint",)), "bad_metadata"),
        (Misbehaviour(drop_discovery=("token_endpoint",)), "bad_metadata"),
        (Misbehaviour(drop_discovery=("jwks_uri",)), "bad_metadata"),
        (Misbehaviour(discovery={"response_types_supported": ["token"]}), "code_unsupported"),
        (Misbehaviour(discovery={"code_challenge_methods_supported": ["plain"]}), "pkce_unsupported"),
        (Misbehaviour(discovery={"id_token_signing_alg_values_supported": ["HS256", "none"]}), "algorithm_unsupported"),
        (Misbehaviour(status={"discovery": 500}), "bad_status"),
        (Misbehaviour(redirecting={"discovery": "https://other.example"}), "redirect_refused"),
        (Misbehaviour(not_json=("discovery",)), "not_json"),
        (Misbehaviour(discovery={"token_endpoint": "http://169.254.169.254/token"}), "address_refused"),
        (Misbehaviour(discovery={"authorization_endpoint": "javascript:alert(1)"}), "invalid_url"),
    ],
)
async def test_provider_is_checked_first(place: Place, provider: Provider, wrong: Misbehaviour, reason: str) -> None:
    """A provider whose discovery document cannot be had or used is refused by its issuer, and nothing is stored."""
    provider.misbehaviour = wrong
    with pytest.raises(ValidationFailedError) as refusal:
        await place.owner.auth_connectors.create(name="Google", settings=_oidc(provider))
    assert [(error.field, error.code) for error in refusal.value.field_errors] == [("settings.issuer", reason)]
    assert await _count(place) == 1
    provider.misbehaviour = Misbehaviour()
    await place.owner.auth_connectors.create(name="Google", settings=_oidc(provider))


async def test_provider_that_does_not_answer(place: Place) -> None:
    """An issuer where nobody listens is refused by its issuer."""
    settings = {"kind": "oidc", "issuer": "http://127.0.0.1:1", "client_id": "x"}
    with pytest.raises(ValidationFailedError) as refusal:
        await place.owner.auth_connectors.create(name="Google", settings=settings)
    assert [error.field for error in refusal.value.field_errors] == ["settings.issuer"]
    assert refusal.value.field_errors[0].code == "connect_failed"
    assert await _count(place) == 1


async def test_secret_is_sealed_and_never_shown(place: Place, provider: Provider) -> None:
    """The client secret is in no answer to anybody, and in no row, event or column in plain text."""
    raw, base = Raw(place.stack, place.owner), f"/v1/tenants/{place.tenant.id}/auth-connectors"
    body = {
        "name": "Google",
        "settings": {
            "kind": "oidc",
            "issuer": provider.issuer,
            "clientId": provider.client_id,
            "clientSecret": SECRET,
        },
    }
    made = await raw.send("POST", base, body, ("idempotency-key", "first"))
    one = f"{base}/{made.json()['id']}"
    replies = [
        made,
        await raw.send("POST", base, body, ("idempotency-key", "first")),
        await raw.send("POST", base, body),
    ]
    replies += [await raw.send("GET", path) for path in (base, one, f"{base}/public")]
    replies.append(await raw.send("PATCH", one, {"settings": {**body["settings"], "scopes": ["openid", "bad scope"]}}))
    replies.append(await raw.send("PATCH", one, body))
    replies.append(await raw.send("POST", f"{one}/enable", {"force": True}))
    replies.append(await raw.send("POST", f"{one}/disable", {}))
    assert [reply.status for reply in replies] == [201, 201, 409, 200, 200, 200, 422, 200, 200, 200]
    for reply in replies:
        assert SECRET.encode() not in reply.body
    async with superuser(place.stack) as connection:
        for table in ("auth_connectors", "client_secrets", "outbox", "idempotency_keys"):
            rows = await connection.fetch(f"SELECT t.* FROM {table} t WHERE tenant_id = $1", place.tenant.id.uuid)
            assert rows
            assert SECRET not in repr(
                [bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row.values()]
            )


async def test_sealed_secret_opens_in_its_own_row_only(place: Place, other_place: Place, provider: Provider) -> None:
    """A sealed secret that is moved to another connector or tenant does not open there."""
    service = await place.stack.central.container.get(ClientSecrets)
    mine = await connect_provider(place, provider)
    for at in (place, other_place):
        other = await connect_provider(at, provider)
        assert await service.open_all(at.tenant.id, other.id) == [provider.client_secret]
        await run_sql(
            at,
            "UPDATE client_secrets SET secret = (SELECT secret FROM client_secrets WHERE connector_id = $2)"
            " WHERE connector_id = $1",
            other.id.uuid,
            mine.id.uuid,
        )
        with pytest.raises(VaultError):
            await service.open_all(at.tenant.id, other.id)


async def test_names_are_taken_whatever_the_case(
    owner: AsyncCentral, other_tenant: AsyncCentral, provider: Provider
) -> None:
    """Two connectors of a tenant differ in their names; another tenant's do not count."""
    await owner.auth_connectors.create(name="Google", settings=_oidc(provider))
    with pytest.raises(ConflictError) as refusal:
        await owner.auth_connectors.create(name="GOOGLE", settings=_oidc(provider))
    assert refusal.value.code == "name_taken"
    await other_tenant.auth_connectors.create(name="Google", settings=_oidc(provider))


async def test_one_of_many_with_the_same_name(place: Place, provider: Provider) -> None:
    """Of connectors created at once under one name one is there, and the others are conflicts."""
    results = await asyncio.gather(
        *[place.owner.auth_connectors.create(name="Google", settings=_oidc(provider)) for _ in range(20)],
        return_exceptions=True,
    )
    codes = [result.code for result in results if isinstance(result, ConflictError)]
    assert codes == ["name_taken"] * 19
    assert await _count(place) == 2


async def test_one_connector_for_mailed_codes(owner: AsyncCentral) -> None:
    """A tenant has one connector for mailed codes; after it is deleted there can be another."""
    with pytest.raises(ConflictError) as refusal:
        await owner.auth_connectors.create(name="Codes", settings={"kind": "email_code"})
    assert refusal.value.code == "email_code_exists"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "https://a.example?x=1"}, "settings.oidc.issuer"),
        ({"issuer": "ftp://a.example"}, "settings.oidc.issuer"),
        ({"issuer": "https://user@a.example"}, "settings.oidc.issuer"),
        ({"client_id": ""}, "settings.oidc.clientId"),
        ({"client_secret": ""}, "settings.oidc.clientSecret"),
        ({"scopes": []}, "settings.oidc.scopes"),
        ({"scopes": ["open id"]}, "settings.oidc.scopes.0"),
        ({"trusted_domains": ["nodots"]}, "settings.oidc.trustedDomains.0"),
        ({"trusted_domains": ["*.example.com"]}, "settings.oidc.trustedDomains.0"),
        ({"redirect_uri": "https://evil.example"}, "settings.oidc.redirectUri"),
        ({"kind": "saml"}, "settings"),
    ],
)
async def test_wrong_settings(place: Place, provider: Provider, changes: dict[str, Any], field: str) -> None:
    """Each wrong setting is told by its place, without the value, before the provider is asked."""
    asked = provider.hits["discovery"]
    names = {"client_id": "clientId", "client_secret": "clientSecret", "trusted_domains": "trustedDomains"}
    names["redirect_uri"] = "redirectUri"
    settings = {names.get(name, name): value for name, value in _oidc(provider, **changes).items()}
    path = f"/v1/tenants/{place.tenant.id}/auth-connectors"
    reply = await Raw(place.stack, place.owner).send("POST", path, {"name": "Google", "settings": settings})
    assert reply.status == 422
    assert [error["field"] for error in reply.json()["fieldErrors"]] == [field]
    assert SECRET not in reply.body.decode()
    assert provider.hits["discovery"] == asked


async def test_scopes_without_openid(place: Place, provider: Provider) -> None:
    """A connector that does not ask for the scope `openid` could sign nobody in, and is refused."""
    with pytest.raises(ValidationFailedError) as refusal:
        await place.owner.auth_connectors.create(name="Google", settings=_oidc(provider, scopes=["email"]))
    assert [(error.field, error.code) for error in refusal.value.field_errors] == [
        ("settings.oidc.scopes", "openid_missing")
    ]

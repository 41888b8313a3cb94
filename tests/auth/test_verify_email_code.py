import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from central.auth_connectors.provisioning import ProvisioningInput
from central.errors import CentralError, ForbiddenError, GoneError, NotFoundError, UnauthenticatedError
from central.kernel.ids import SignInId
from central.tenants.models import SuspendTenantInput
from central_client import AsyncCentral
from central_server.infra.vault import SigningKeys
from central_server.infra.vault.keyring import generate_key
from support.domains import verify_domain
from support.limits import fill_buckets
from support.place import Place
from support.provider import Provider
from support.signing_in import (
    connect_provider,
    count_sessions,
    email_codes,
    mailed_code,
    provider,
    run_sql,
    sign_in_by_code,
    wrong,
)

__all__ = ["provider"]


async def test_code_signs_in(place: Place) -> None:
    """The right code gives a session of the user, and shows that the address is theirs."""
    user = await place.user(email="Ada@example.com")
    assert not user.email_verified
    client = place.anonymous()
    signed_in = await sign_in_by_code(place, client, "ada@EXAMPLE.com")
    assert (signed_in.user.id, signed_in.user.email_verified, signed_in.session.current) == (user.id, True, True)
    assert (await client.users.me()).id == user.id
    (session,) = [s async for s in client.sessions.list_mine()]
    connectors = [c.id async for c in place.owner.auth_connectors.list()]
    assert (session.id, session.connector_id) == (signed_in.session.id, connectors[0])


async def test_session_cookie_is_closed_to_scripts(place: Place) -> None:
    """The session cookie is HttpOnly, Lax, for the whole host, and ends with the session; the body has no token."""
    user = await place.user()
    async with place.stack.http() as http:
        base = f"/v1/tenants/{place.tenant.slug}/auth/email-code"
        started = (await http.post(f"{base}/start", json={"email": user.email})).json()
        code = await mailed_code(place, SignInId(started["signIn"]))
        answer = await http.post(f"{base}/verify", json={"signIn": started["signIn"], "code": code})
    token = answer.cookies["central_session"]
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("central_session="))
    assert cookie.partition(";")[2] == " Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
    assert len(token) == 43
    assert token not in answer.text


async def test_wrong_code_can_be_tried_again(place: Place) -> None:
    """Four wrong tries leave one for the right code; wrong codes give no session."""
    user = await place.user()
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    for _ in range(4):
        with pytest.raises(UnauthenticatedError) as refusal:
            await client.auth.verify_email_code(sign_in=started.sign_in, code=wrong(code))
        assert refusal.value.code == "wrong_code"
    assert await count_sessions(place) == 0
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_fifth_wrong_code_ends_the_sign_in(place: Place) -> None:
    """After five tries the right code comes too late."""
    user = await place.user()
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            await client.auth.verify_email_code(sign_in=started.sign_in, code=wrong(code))
    with pytest.raises(GoneError) as refusal:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
    assert refusal.value.code == "sign_in_ended"


async def test_parallel_wrong_codes_are_compared_five_times(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred wrong codes at once five are compared, as tries are counted before; then nothing helps."""
    compared, verify = [], SigningKeys.verify

    def counting(self: SigningKeys, purpose: str, data: bytes, mac: bytes) -> bool:
        compared.append(data)
        return verify(self, purpose, data, mac)

    user = await place.user()
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    monkeypatch.setattr(SigningKeys, "verify", counting)

    async def guess() -> str:
        try:
            await client.auth.verify_email_code(sign_in=started.sign_in, code=wrong(code))
        except CentralError as error:
            return error.code
        return "signed in"

    answers = await client.gather([guess() for _ in range(100)], limit=100)
    assert len(compared) == 5
    assert (answers.count("wrong_code"), answers.count("sign_in_ended")) == (5, 95)
    with pytest.raises(GoneError):
        await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
    assert len(compared) == 5


async def test_code_ends_after_ten_minutes(place: Place) -> None:
    """A code is good for a sign-in of at most ten minutes ago."""
    user = await place.user()
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    await run_sql(place, "UPDATE email_codes SET expires_at = now() WHERE id = $1", started.sign_in.uuid)
    for tried in (code, wrong(code)):
        with pytest.raises(GoneError):
            await client.auth.verify_email_code(sign_in=started.sign_in, code=tried)
    await run_sql(
        place, "UPDATE email_codes SET expires_at = now() + interval '1 second' WHERE id = $1", started.sign_in.uuid
    )
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_code_is_good_only_where_it_was_asked_for(place: Place) -> None:
    """Another browser and one without the binding cookie cannot use a code, nor use up its tries."""
    user = await place.user()
    client, other = place.anonymous(), place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    await other.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    for stranger in (other, place.anonymous()):
        for _ in range(6):
            with pytest.raises(GoneError):
                await stranger.auth.verify_email_code(sign_in=started.sign_in, code=code)
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_code_works_once_also_when_used_fifty_times_at_once(place: Place) -> None:
    """Of verifications in parallel, all with the right code, one gives a session."""
    user = await place.user()
    for _ in range(5):
        await fill_buckets(place)
        client = place.anonymous()
        started = await client.auth.start_email_code(email=user.email)
        code = await mailed_code(place, started.sign_in)
        await run_sql(place, "UPDATE email_codes SET attempts = -1000 WHERE id = $1", started.sign_in.uuid)
        before = await count_sessions(place)

        async def verify(client: AsyncCentral = client, started: Any = started, code: str = code) -> str:
            try:
                await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
            except GoneError:
                return "gone"
            return "signed in"

        answers = await client.gather([verify() for _ in range(50)], limit=50)
        assert answers.count("signed in") == 1
        assert answers.count("gone") == 49
        assert await count_sessions(place) == before + 1
        with pytest.raises(GoneError):
            await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_codes_in_two_tabs_both_work(place: Place) -> None:
    """Two sign-ins begun in one browser end independently, in either order; a code fits its own sign-in only."""
    user = await place.user()
    for order in ((0, 1), (1, 0)):
        client = place.anonymous()
        tabs = []
        for _ in range(2):
            await fill_buckets(place)
            tabs.append(await client.auth.start_email_code(email=user.email))
        codes = [await mailed_code(place, tab.sign_in) for tab in tabs]
        if codes[0] != codes[1]:
            with pytest.raises(UnauthenticatedError):
                await client.auth.verify_email_code(sign_in=tabs[0].sign_in, code=codes[1])
        for tab in order:
            await client.auth.verify_email_code(sign_in=tabs[tab].sign_in, code=codes[tab])


async def test_keyed_hash_counts_in_its_own_row_only(place: Place) -> None:
    """Whoever can write to the database cannot let a code of theirs pass for that of another sign-in."""
    user = await place.user()
    attacker, victim = place.anonymous(), place.anonymous()
    mine = await attacker.auth.start_email_code(email="attacker@example.com")
    theirs = await victim.auth.start_email_code(email=user.email)
    await run_sql(
        place,
        "UPDATE email_codes SET code_mac = (SELECT code_mac FROM email_codes WHERE id = $2) WHERE id = $1",
        theirs.sign_in.uuid,
        mine.sign_in.uuid,
    )
    with pytest.raises(UnauthenticatedError):
        await victim.auth.verify_email_code(sign_in=theirs.sign_in, code=await mailed_code(place, mine.sign_in))


async def test_sign_in_of_another_tenant_is_not_there(place: Place, other_place: Place) -> None:
    """A sign-in and its code are worth nothing in another tenant, also for a user with the same address."""
    await place.user(email="ada@example.com")
    await other_place.user(email="ada@example.com")
    client = place.anonymous()
    started = await client.auth.start_email_code(email="ada@example.com")
    code = await mailed_code(place, started.sign_in)
    async with place.stack.http() as http:
        binding = client._caller.scope().credentials.header(secure=False)
        assert binding is not None
        answer = await http.post(
            f"/v1/tenants/{other_place.tenant.slug}/auth/email-code/verify",
            json={"signIn": started.sign_in, "code": code},
            headers={"cookie": binding.decode()},
        )
    assert (answer.status_code, answer.json()["code"]) == (410, "sign_in_ended")
    assert await count_sessions(other_place) == 0
    with pytest.raises(NotFoundError):
        await place.stack.client("no-such-tenant").auth.verify_email_code(sign_in=started.sign_in, code=code)
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_code_is_wrong_under_another_signing_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared depends on the server's key, which is not in the database; an older key still counts."""
    user = await place.user()
    codes, client = await email_codes(place.stack), place.anonymous()
    old = place.stack.settings.signing_keys.get_secret_value()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    monkeypatch.setattr(codes, "signing", SigningKeys.parse(f"new:{generate_key()}"))
    with pytest.raises(UnauthenticatedError):
        await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
    monkeypatch.setattr(codes, "signing", SigningKeys.parse(f"new:{generate_key()},{old}"))
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def _disable_user(place: Place, user: Any, provider: Provider) -> None:
    await place.owner.users.disable(user=user.id)


async def _delete_user(place: Place, user: Any, provider: Provider) -> None:
    await place.owner.users.delete(user=user.id)


async def _suspend_tenant(place: Place, user: Any, provider: Provider) -> None:
    await (await place.stack.sign_in_operator()).tenants.suspend(
        **SuspendTenantInput(tenant=place.tenant.slug).model_dump()
    )


async def _disable_connector(place: Place, user: Any, provider: Provider) -> None:
    await connect_provider(place, provider)
    (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=connector.id)


@pytest.mark.parametrize(
    ("happens", "error", "code"),
    [
        (_disable_user, ForbiddenError, "user_disabled"),
        (_delete_user, UnauthenticatedError, "wrong_code"),
        (_suspend_tenant, ForbiddenError, "tenant_suspended"),
        (_disable_connector, ForbiddenError, "connector_disabled"),
    ],
)
async def test_what_ends_between_mail_and_code_gives_no_session(
    place: Place,
    provider: Provider,
    happens: Callable[[Place, Any, Provider], Awaitable[None]],
    error: type[CentralError],
    code: str,
) -> None:
    """A user, tenant or connector that is switched off after the start lets nobody in with the right code."""
    user = await place.user()
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    mailed = await mailed_code(place, started.sign_in)
    await happens(place, user, provider)
    with pytest.raises(error) as refusal:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=mailed)
    assert refusal.value.code == code
    assert await count_sessions(place) == 0


async def test_disabling_a_user_beats_a_sign_in_at_the_same_time(place: Place) -> None:
    """Whichever of the two comes first, the user has no live session afterwards."""
    for _ in range(10):
        user = await place.user()
        client = place.anonymous()
        started = await client.auth.start_email_code(email=user.email)
        code = await mailed_code(place, started.sign_in)
        await asyncio.gather(
            client.auth.verify_email_code(sign_in=started.sign_in, code=code),
            place.owner.users.disable(user=user.id),
            return_exceptions=True,
        )
        assert await count_sessions(place, user.id) == 0


async def test_one_user_signs_in_twenty_times_at_once(place: Place) -> None:
    """Sign-ins of one user in parallel do not get in each other's way."""
    user = await place.user()
    clients = [place.anonymous() for _ in range(20)]
    starts = []
    for client in clients:
        await fill_buckets(place)
        started = await client.auth.start_email_code(email=user.email)
        starts.append((client, started, await mailed_code(place, started.sign_in)))
    await asyncio.gather(
        *[client.auth.verify_email_code(sign_in=started.sign_in, code=code) for client, started, code in starts]
    )
    assert await count_sessions(place, user.id) == 20


async def test_unknown_address_is_refused_like_a_wrong_code(place: Place) -> None:
    """Without provisioning, even the code that was never mailed makes no user, and says no more than a wrong one."""
    client = place.anonymous()
    started = await client.auth.start_email_code(email="nobody@example.com")
    with pytest.raises(UnauthenticatedError) as refusal:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=await mailed_code(place, started.sign_in))
    assert refusal.value.code == "wrong_code"
    assert [u.email async for u in place.owner.users.list()] == [place.owner_user.email]


@pytest.mark.parametrize(
    ("just_in_time", "allowed", "email", "outcome"),
    [
        (True, ["{domain}"], "New@{DOMAIN}", "made"),
        (True, ["{domain}"], "new@sub.{domain}", "refused"),
        (True, ["{domain}"], "new@{domain}.evil.test", "refused"),
        (True, ["{domain}"], "new@not{domain}", "refused"),
        (True, [], "new@{domain}", "refused"),
        (False, ["{domain}"], "new@{domain}", "refused"),
    ],
)
async def test_users_are_made_as_the_connector_says(
    place: Place, *, just_in_time: bool, allowed: list[str], email: str, outcome: str
) -> None:
    """A first sign-in makes a member, whose address is verified, only for exactly the allowed domains.

    All domains are verified ones of the tenant here: what refuses is the connector.
    """
    email = email.format(domain=place.domain, DOMAIN=place.domain.upper())
    await verify_domain(place, email.partition("@")[2])
    await _provision(place, just_in_time=just_in_time, allowed=[name.format(domain=place.domain) for name in allowed])
    client = place.anonymous()
    started = await client.auth.start_email_code(email=email)
    mailed = await mailed_code(place, started.sign_in)
    if outcome == "made":
        signed_in = await client.auth.verify_email_code(sign_in=started.sign_in, code=mailed)
        assert (signed_in.user.email, signed_in.user.roles, signed_in.user.email_verified) == (email, ["member"], True)
    else:
        with pytest.raises(UnauthenticatedError):
            await client.auth.verify_email_code(sign_in=started.sign_in, code=mailed)
        assert len([u async for u in place.owner.users.list()]) == 1


async def _provision(place: Place, *, just_in_time: bool, allowed: list[str]) -> None:
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    policy = ProvisioningInput(just_in_time=just_in_time, allowed_domains=allowed)
    await place.owner.auth_connectors.update(connector=connector.id, provisioning=policy)


@pytest.mark.parametrize("domain", ["unclaimed", "pending", "verified elsewhere"])
async def test_users_are_made_for_verified_domains_only(place: Place, other_place: Place, domain: str) -> None:
    """An allowed domain that the tenant has not verified makes nobody, and that looks like a wrong code."""
    await _provision(place, just_in_time=True, allowed=[place.domain])
    if domain != "unclaimed":
        await place.owner.domains.create(name=place.domain)
    if domain == "verified elsewhere":
        await verify_domain(other_place, place.domain)
    client = place.anonymous()
    started = await client.auth.start_email_code(email=place.address())
    mailed = await mailed_code(place, started.sign_in)
    with pytest.raises(UnauthenticatedError) as refusal:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=mailed)
    assert refusal.value.code == "wrong_code"
    assert len([u async for u in place.owner.users.list()]) == 1


async def test_ten_first_sign_ins_of_one_address_at_once(place: Place) -> None:
    """However many browsers somebody first verifies a code in at the same time, they become one user, in each."""
    await verify_domain(place)
    await _provision(place, just_in_time=True, allowed=[place.domain])
    starts = []
    for _ in range(10):
        await fill_buckets(place)
        client = place.anonymous()
        started = await client.auth.start_email_code(email=place.address("new"))
        starts.append((client, started.sign_in, await mailed_code(place, started.sign_in)))
    signed_in = await asyncio.gather(
        *[client.auth.verify_email_code(sign_in=sign_in, code=code) for client, sign_in, code in starts]
    )
    assert len({one.user.id for one in signed_in}) == 1
    assert await count_sessions(place) == 10


async def test_a_new_sign_in_ends_the_session_that_came_along(place: Place) -> None:
    """A user who signs in anew gets a new token, and the one they came with is dead; other sessions stay."""
    user = await place.user()
    client, elsewhere = place.anonymous(), place.anonymous()
    await sign_in_by_code(place, elsewhere, user.email)
    await sign_in_by_code(place, client, user.email)
    await fill_buckets(place)
    before = client.session_token
    assert before is not None
    await sign_in_by_code(place, client, user.email)
    after = client.session_token
    assert after is not None
    assert before.get_secret_value() != after.get_secret_value()
    with pytest.raises(UnauthenticatedError):
        await place.stack.client(place.tenant.slug, before.get_secret_value()).users.me()
    assert (await client.users.me()).id == (await elsewhere.users.me()).id == user.id


async def test_a_planted_session_never_becomes_somebodys(place: Place) -> None:
    """Signing in over a planted cookie, real or made up, leaves the planted one what it was (fixation)."""
    attacker, victim = await place.user(), await place.user()
    planted = await place.stack.session_of(place.tenant.id, attacker.id)
    for token in (planted, "A" * 43):
        client = place.stack.client(place.tenant.slug, token)
        await sign_in_by_code(place, client, victim.email)
        assert client.session_token is not None
        assert client.session_token.get_secret_value() != token
        assert (await client.users.me()).id == victim.id
    assert (await place.stack.client(place.tenant.slug, planted).users.me()).id == attacker.id
    with pytest.raises(UnauthenticatedError):
        await place.stack.client(place.tenant.slug, "A" * 43).users.me()

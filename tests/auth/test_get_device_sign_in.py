import asyncio

import pytest

from central.errors import CentralError, NotFoundError, RateLimitedError, UnauthenticatedError, ValidationFailedError
from central_client import AsyncCentral
from central_server.infra.vault import SigningKeys
from support.place import Place
from support.signing_in import run_sql
from support.tools import actor_of, decisions, start_device, wrong_code


async def test_who_asks_from_where_and_since_when(member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """The code leads to what the tool says of itself, the address it asked from and the time."""
    started = await start_device(anonymous)
    found = await member.auth.get_device(user_code=started.user_code)
    assert (found.id, found.flow, found.state) == (started.sign_in, "device", "pending")
    assert (found.application, found.host, found.version) == ("central CLI", "ada-laptop", "1.2.3")
    assert (found.address, found.from_here, found.expires_at) == ("127.0.0.1", True, started.expires_at)
    assert found.created_at < found.expires_at


async def test_an_address_from_elsewhere(place: Place, member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """A tool that asked from another place than where the person is is marked."""
    started = await start_device(anonymous)
    service = await decisions(place.stack)
    found = await service.TX_find(started.user_code, await actor_of(place.stack, member, "203.0.113.7"))
    assert not found.from_here


@pytest.mark.parametrize("spell", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {' '.join(code)} "])
async def test_codes_are_read_as_people_type_them(member: AsyncCentral, anonymous: AsyncCentral, spell) -> None:
    """Case, spaces and the hyphen do not matter."""
    started = await start_device(anonymous)
    assert (await member.auth.get_device(user_code=spell(started.user_code))).id == started.sign_in


@pytest.mark.parametrize("text", ["", "WDJB", "WDJBMJHTX", "WDJB-MJH0", "АБВГ-ДЕЖЗ", "AEIO-UYAE", "W" * 21])
async def test_what_is_no_code_is_wrong_input(member: AsyncCentral, text: str) -> None:
    """It is told apart from a code that leads nowhere, and is no try."""
    with pytest.raises(ValidationFailedError):
        await member.auth.get_device(user_code=text)


async def test_nobody_sees_it_without_a_session(anonymous: AsyncCentral) -> None:
    """The code alone shows nothing."""
    started = await start_device(anonymous)
    with pytest.raises(UnauthenticatedError):
        await anonymous.auth.get_device(user_code=started.user_code)


async def test_a_code_of_another_tenant_is_not_there(other_tenant: AsyncCentral, anonymous: AsyncCentral) -> None:
    """It answers as a code that never was."""
    started = await start_device(anonymous)
    with pytest.raises(NotFoundError) as foreign:
        await other_tenant.auth.get_device(user_code=started.user_code)
    with pytest.raises(NotFoundError) as absent:
        await other_tenant.auth.get_device(user_code=wrong_code(started.user_code))
    assert (foreign.value.code, foreign.value.message) == (absent.value.code, absent.value.message)


async def test_a_code_ends(place: Place, member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """After ten minutes it leads nowhere."""
    started = await start_device(anonymous)
    await run_sql(place, "UPDATE tool_sign_ins SET expires_at = now() WHERE id = $1", started.sign_in.uuid)
    with pytest.raises(NotFoundError):
        await member.auth.get_device(user_code=started.user_code)


async def test_five_wrong_second_halves_end_a_code(place: Place, anonymous: AsyncCentral) -> None:
    """Tries are counted for the sign-in whose first half was right, whoever makes them; right ones do not count."""
    people = [await place.signed_in("member") for _ in range(2)]
    started = await start_device(anonymous)
    for _ in range(7):
        await people[0].auth.get_device(user_code=started.user_code)
    for number in range(5):
        auth = people[number % 2].auth
        with pytest.raises(NotFoundError):
            await (auth.get_device, auth.approve_device, auth.deny_device)[number % 3](
                user_code=wrong_code(started.user_code)
            )
    with pytest.raises(NotFoundError):
        await people[0].auth.get_device(user_code=started.user_code)


async def test_parallel_guesses_at_one_code_are_compared_five_times(
    place: Place, anonymous: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a hundred wrong codes at once, by ten people, five are compared, as tries are counted before."""
    compared, verify = [], SigningKeys.verify

    def counting(self: SigningKeys, purpose: str, data: bytes, mac: bytes) -> bool:
        compared.append(data)
        return verify(self, purpose, data, mac)

    people = [await place.signed_in("member") for _ in range(10)]
    started = await start_device(anonymous)
    monkeypatch.setattr(SigningKeys, "verify", counting)
    answers = await asyncio.gather(
        *[one.auth.get_device(user_code=wrong_code(started.user_code)) for one in people for _ in range(10)],
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} == {NotFoundError}
    assert len(compared) == 5


async def _guess(client: AsyncCentral, code: str) -> str:
    try:
        await client.auth.get_device(user_code=code)
    except CentralError as error:
        return error.code
    return "found"


async def test_a_caller_has_ten_wrong_codes(
    place: Place, member: AsyncCentral, owner: AsyncCentral, anonymous: AsyncCentral
) -> None:
    """Of a hundred at once ten are looked up; then also the right one waits, and only for this caller."""
    started = await start_device(anonymous)
    answers = await asyncio.gather(*[_guess(member, "BBBB-BBBB") for _ in range(100)])
    assert (answers.count("user_code_not_found"), answers.count("too_many_tries")) == (10, 90)
    for call in (member.auth.get_device, member.auth.approve_device, member.auth.deny_device):
        with pytest.raises(RateLimitedError) as refusal:
            await call(user_code=started.user_code)
        assert 0 < (refusal.value.retry_after or 0) <= 60
    assert await _guess(owner, started.user_code) == "found"
    await run_sql(place, "UPDATE rate_buckets SET full_at = full_at - interval '1 minute'")
    assert await _guess(member, started.user_code) == "found"


async def test_wrong_codes_count_on_every_path(member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """Guessing by approving and by refusing counts as guessing by looking does, also where a request is undone."""
    calls = (member.auth.get_device, member.auth.approve_device, member.auth.deny_device)
    for number in range(10):
        with pytest.raises(NotFoundError):
            await calls[number % 3](user_code="BBBB-BBBB")
    with pytest.raises(RateLimitedError):
        await member.auth.approve_device(user_code="BBBB-BBBB")

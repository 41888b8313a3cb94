import pytest

from central.errors import ValidationFailedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.place import Place
from support.raw import Raw
from support.tools import REDIRECT, TOOL, LoopbackTool, challenge_of

STATE, VERIFIER = "s" * 32, "v" * 64
ALLOWED = (
    "http://127.0.0.1:1/callback",
    "http://127.0.0.1:80/callback",
    "http://127.0.0.1:65535/callback",
    "http://[::1]:49152/callback",
)
REFUSED = (
    "",
    "/callback",
    "http://localhost:49152/callback",
    "http://LOCALHOST:49152/callback",
    "http://localhost.:49152/callback",
    "https://127.0.0.1:49152/callback",
    "HTTP://127.0.0.1:49152/callback",
    "ftp://127.0.0.1:49152/callback",
    "javascript://127.0.0.1:49152/callback",
    "//127.0.0.1:49152/callback",
    "http:/127.0.0.1:49152/callback",
    "http:127.0.0.1:49152/callback",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:080/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:99999/callback",
    "http://127.0.0.1:-1/callback",
    "http://127.0.0.1:+1/callback",
    "http://127.0.0.1:1e3/callback",
    "http://127.0.0.1:\u0664\u0669\u0661\u0665\u0662/callback",
    "http://127.0.0.1.evil.example:49152/callback",
    "http://127.0.0.1.:49152/callback",
    "http://127.0.0.2:49152/callback",
    "http://127.1:49152/callback",
    "http://127.0.1:49152/callback",
    "http://0.0.0.0:49152/callback",
    "http://0:49152/callback",
    "http://2130706433:49152/callback",
    "http://0x7f000001:49152/callback",
    "http://0x7f.0.0.1:49152/callback",
    "http://017700000001:49152/callback",
    "http://0177.0.0.1:49152/callback",
    "http://127.0.0.01:49152/callback",
    "http://127.000.000.001:49152/callback",
    "http://127。0。0。1:49152/callback",
    "http://①②⑦.0.0.1:49152/callback",
    "http://[::]:49152/callback",
    "http://[::2]:49152/callback",
    "http://[0:0:0:0:0:0:0:1]:49152/callback",
    "http://[::ffff:127.0.0.1]:49152/callback",
    "http://[::ffff:7f00:1]:49152/callback",
    "http://[::1%25lo]:49152/callback",
    "http://::1:49152/callback",
    "http://[fe80::1]:49152/callback",
    "http://user@127.0.0.1:49152/callback",
    "http://user:pass@127.0.0.1:49152/callback",
    "http://127.0.0.1:49152@evil.example/callback",
    "http://evil.example#@127.0.0.1:49152/callback",
    "http://evil.example?@127.0.0.1:49152/callback",
    "http://evil.example/http://127.0.0.1:49152/callback",
    "http://evil.example\\@127.0.0.1:49152/callback",
    "http://127.0.0.1:49152",
    "http://127.0.0.1:49152/",
    "http://127.0.0.1:49152/Callback",
    "http://127.0.0.1:49152//callback",
    "http://127.0.0.1:49152/callback/",
    "http://127.0.0.1:49152/callback/more",
    "http://127.0.0.1:49152/other",
    "http://127.0.0.1:49152/./callback",
    "http://127.0.0.1:49152/a/../callback",
    "http://127.0.0.1:49152/%63allback",
    "http://127.0.0.1:49152/callback?x=1",
    "http://127.0.0.1:49152/callback?",
    "http://127.0.0.1:49152/callback#x",
    "http://127.0.0.1:49152/callback#",
    "http://127.0.0.1:49152\\callback",
    "http://127.0.0.1:49152/callback\n",
    "\nhttp://127.0.0.1:49152/callback",
    " http://127.0.0.1:49152/callback",
    "http://127.0.0.1:49152/callback ",
    "http://127.0.0.1:49152/callback\r\nSet-Cookie: x=1",
    "http://127.0.0.1:\t49152/callback",
    "http://127.0.0.1:49152/callback\x00",
    "central://callback",
    "data:text/html,x",
)


@pytest.mark.parametrize("address", ALLOWED)
async def test_a_tool_listens_on_any_port_of_its_own_machine(
    place: Place, anonymous: AsyncCentral, address: str
) -> None:
    """By the two addresses that lead nowhere else; it is told the page to open."""
    started = await anonymous.auth.start_loopback(
        **TOOL, redirect_uri=address, state=STATE, code_challenge=challenge_of(VERIFIER)
    )
    page = f"http://central.test/t/{place.tenant.slug}/device?code={started.user_code}"
    assert started.approval_url == page


@pytest.mark.parametrize("address", REFUSED)
async def test_every_other_address_is_refused(place: Place, anonymous: AsyncCentral, address: str) -> None:
    """Names, other spellings of the same host, user names, other paths, queries and fragments: by client and server."""
    fields = {**TOOL, "state": STATE, "code_challenge": challenge_of(VERIFIER)}
    with pytest.raises(ValidationFailedError):
        await anonymous.auth.start_loopback(**fields, redirect_uri=address)
    body = {**TOOL, "state": STATE, "codeChallenge": challenge_of(VERIFIER), "redirectUri": address}
    path = f"/v1/tenants/{place.tenant.slug}/auth/loopback/start"
    assert_problem(await Raw(place.stack).send("POST", path, body), 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"codeChallenge": None},
        {"codeChallenge": ""},
        {"codeChallenge": "short"},
        {"codeChallenge": "c" * 44},
        {"codeChallenge": "c" * 42 + "="},
        {"codeChallengeMethod": "plain"},
        {"codeChallengeMethod": "S256"},
        {"state": ""},
        {"state": "short"},
        {"state": "s" * 201},
        {"state": "state with spaces in it"},
        {"state": "a&code=another&b=ccccccccc"},
    ],
)
async def test_there_is_no_way_without_proof(place: Place, changes: dict[str, str | None]) -> None:
    """S256 is the only method, so none can be named; challenge and state are required, and are one word."""
    body = {**TOOL, "state": STATE, "codeChallenge": challenge_of(VERIFIER), "redirectUri": REDIRECT, **changes}
    path = f"/v1/tenants/{place.tenant.slug}/auth/loopback/start"
    sent = {name: value for name, value in body.items() if value is not None}
    assert_problem(await Raw(place.stack).send("POST", path, sent), 422)


async def test_the_page_shows_the_same_as_for_other_tools(member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """Who asks is found by the code, which the tool shows as well."""
    started = await LoopbackTool(anonymous).start()
    found = await member.auth.get_device(user_code=started.user_code)
    assert (found.id, found.flow, found.application, found.state) == (
        started.sign_in,
        "loopback",
        "central CLI",
        "pending",
    )

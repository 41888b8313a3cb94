"""Where a browser lands after a sign-in: never on another origin (threat 12)."""

import json
import random
import shutil
import subprocess

import pytest

from central.errors import ValidationFailedError
from central_server.auth.policy import check_return_to
from support.place import BASE_URL, Place
from support.provider import Provider
from support.return_targets import CORPUS, FINE, stays
from support.signing_in import Browser, connect_provider, person

OWN, ALLOWED = "https://central.example", ("https://app.example", "http://localhost:3000")


async def test_two_hundred_addresses_through_the_server(place: Place, provider: Provider) -> None:
    """Of a corpus of tricks none leads away: each is refused at the start, or the browser stays on the server."""
    assert len(set(CORPUS)) >= 200
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    taken = []
    async with Browser(place) as browser:
        for target in dict.fromkeys(CORPUS):
            body = {"connector": connector.id, "returnTo": target}
            started = await browser.http.post(
                f"/v1/tenants/{place.tenant.slug}/auth/provider/start",
                content=json.dumps(body),
                headers={"content-type": "application/json"},
            )
            if started.status_code == 201:
                answer = await browser.go(await provider.authorize(started.json()["authorizationUrl"]))
                assert (answer.status_code, stays(answer.headers["location"])) == (303, True), target
                assert "central_session" in answer.cookies
                taken.append(target)
            else:
                assert started.status_code in {400, 422}, (target, started.status_code)
    assert set(FINE) <= set(taken)
    assert all(target.startswith((f"{BASE_URL}#@", f"{BASE_URL}?@")) for target in set(taken) - set(FINE))


@pytest.mark.parametrize("target", ["https://app.example", "https://app.example/x?y#z", "HTTPS://App.Example/x", "/x"])
def test_allowed_origins(target: str) -> None:
    """A path, and an address of an allowed origin whatever the case of its host, are kept as they are."""
    assert check_return_to(target, OWN, ALLOWED) == target


@pytest.mark.parametrize(
    "target",
    [
        *(
            "https://app.example.evil.example",
            "https://app.example:444/",
            "http://app.example/",
            "https://x.app.example/",
        ),
        *(
            "https://app.example@evil.example",
            "http://localhost:30000/",
            "http://localhost/",
            "https://app.example\\.x",
        ),
    ],
)
def test_origins_that_only_look_allowed(target: str) -> None:
    """An origin is compared as a whole: scheme, host and port."""
    with pytest.raises(ValidationFailedError) as refusal:
        check_return_to(target, OWN, ALLOWED)
    assert refusal.value.field_errors[0].code == "return_not_allowed"


_PIECES = (
    *(
        "/",
        "//",
        "\\",
        "/\\",
        "https:",
        "http:",
        "HTTPS:",
        "ftp:",
        "javascript:",
        "@",
        ":",
        ":443",
        ":80",
        "?",
        "#",
        "&",
    ),
    *(
        "central.example",
        "app.example",
        "localhost:3000",
        "evil.example",
        "https://central.example",
        "https://app.example",
    ),
    *(
        "http://localhost:3000",
        ".",
        "..",
        "%2f",
        "%5c",
        "%00",
        "%0a",
        "\t",
        "\n",
        "\r",
        " ",
        "\u00a0",
        "[",
        "]",
        "::1",
        "a",
    ),
    *(
        "\uff0f",
        "\u3002",
        "\uff0e",
        "\u2024",
        "\u202e",
        "\ud83d\ude00",
        "\u00ad",
        "0x7f.1",
        ";",
        ",",
        "|",
        "<",
        '"',
        "'",
    ),
)
_NODE = """
let text = ''; process.stdin.on('data', part => text += part).on('end', () => {
  const { own, targets } = JSON.parse(text);
  const origin = target => { try { return new URL(target, own + '/v1/x').origin } catch { return null } };
  console.log(JSON.stringify(targets.map(origin)));
});
"""


def test_a_browser_reads_accepted_addresses_as_the_server_does() -> None:
    """Of 2,000 generated texts and the corpus, each that is accepted is of an allowed origin for `new URL` too."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js to compare with")
    random_pieces = random.Random(20_250)
    begins = ("", "", "/", OWN, *ALLOWED)
    generated = [
        random_pieces.choice(begins) + "".join(random_pieces.choices(_PIECES, k=random_pieces.randint(1, 6)))
        for _ in range(2000)
    ]
    accepted = []
    for target in (*generated, *CORPUS, *_PIECES):
        try:
            accepted.append(check_return_to(target, OWN, ALLOWED))
        except ValidationFailedError:
            continue
    given = json.dumps({"own": OWN, "targets": accepted})
    output = subprocess.run([node, "-e", _NODE], input=given, capture_output=True, text=True, check=True, timeout=30)
    origins = json.loads(output.stdout)
    astray = [pair for pair in zip(accepted, origins, strict=True) if pair[1] not in {OWN, *ALLOWED}]
    assert astray == []
    assert len(accepted) > 100
    assert set(origins) == {OWN, *ALLOWED}

"""Arbitrary requests to every operation: the server always finds words for what is wrong."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from central.access import SystemPermission
from central.catalog import CATALOG
from central.kernel.operation import AnyOperation
from support.asgi import JSON_HEADER, Header, ask, assert_problem
from support.examples import EXAMPLES, Things, names
from support.place import Place, Stack, make_place
from support.raw import cookie_of

_TEXT = st.text(max_size=60) | st.sampled_from(
    [
        "",
        ".",
        "..",
        "\x00",
        "\ud800",
        "null",
        "1",
        "-1",
        "true",
        "%00",
        "%",
        "\U0001d51e",
        "a" * 3000,
        "'",
        '"',
        "\\",
        "\u2028",
    ]
)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.sampled_from([2**31, 2**63, 10**400])
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
)
_OPERATORS = {operation.name for operation in CATALOG if isinstance(operation.access, SystemPermission)}
_OF_OTHERS = {"tenants.suspend", "tenants.reactivate", "tenants.delete", "tenants.restore"}
_ENDS_THE_SESSION = {"auth.sign_out", "sessions.revoke_all_mine", "sessions.revoke_mine"}


@pytest.fixture(scope="module")
async def fuzzed(stack: Stack) -> tuple[Place, Things]:
    """A tenant to be hit."""
    place = await make_place(stack)
    return place, await Things.of(place)


@st.composite
def _fields(draw: st.DrawFn, operation: AnyOperation, things: Things) -> dict[str, Any]:
    """Draw the operation's example with up to two fields gone wrong, and at times one that it does not have."""
    fields = EXAMPLES[operation.name](things)
    names = [name for name in operation.input_class.model_fields if name != "tenant" or draw(st.integers(0, 9)) == 9]
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else []:
        fields[name] = draw(_VALUES)
    extra = draw(st.sampled_from([None, None, None, "extra"]))
    return {to_camel(name): value for name, value in fields.items()} | ({draw(_TEXT): draw(_VALUES)} if extra else {})


async def _session(place: Place, operation: AnyOperation) -> list[Header]:
    """Give the cookie of somebody who may call the operation, and whom it may sign out."""
    if operation.name in _OPERATORS:
        return [cookie_of(await place.stack.sign_in_operator())]
    if operation.name in _ENDS_THE_SESSION:
        return [cookie_of(await place.signed_in("member"))]
    return [cookie_of(place.owner)]


def _lenient(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("operation", CATALOG, ids=names)
@settings(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_any_input_is_answered_in_words(fuzzed, operation: AnyOperation, data: st.DataObject) -> None:
    """Whatever the path, the query and the body hold, the answer is below 500, and every refusal is problem details."""
    place, things = fuzzed
    if operation.name in _OF_OTHERS:
        things = Things.absent()
    fields = data.draw(_fields(operation, things))
    target = operation.path
    for name in operation.path_names:
        value = fields.pop(to_camel(name))
        target = target.replace(f"{{{name}}}", _lenient(str(value)) or "%00")
    body = b""
    if operation.sends_body:
        body = json.dumps(fields).encode("utf-8", "surrogatepass")
    else:
        pairs = {_lenient(name): _lenient(str(value)) for name, value in fields.items()}
        target += "?" + "&".join(f"{name}={value}" for name, value in pairs.items())
    headers = [*await _session(place, operation), JSON_HEADER]
    reply = await ask(place.stack.central, operation.method, target, headers, body)
    assert reply.status < 500, (target, body, reply.body)
    if reply.status >= 400:
        assert_problem(reply)


@settings(max_examples=60, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
@given(body=st.binary(max_size=200) | st.recursive(_SCALARS, st.lists).map(lambda v: json.dumps(v).encode()))
async def test_any_bytes_are_answered_in_words(fuzzed, body: bytes) -> None:
    """Whatever bytes are said to be JSON, they are refused in words."""
    place, _ = fuzzed
    headers = [cookie_of(place.owner), JSON_HEADER]
    assert_problem(await ask(place.stack.central, "POST", f"/v1/tenants/{place.tenant.id}/users", headers, body))


async def test_fuzz_has_met_the_operations(fuzzed) -> None:
    """The tenant that was hit is alive, and its owner still signed in: the refusals were not all of one kind."""
    place, _ = fuzzed
    assert (await place.owner.users.me()).id == place.owner_user.id

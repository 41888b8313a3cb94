"""Whatever is sent, the answer is a problem in words, never a fault of the server, a page or a stack of its own."""

import secrets
from urllib.parse import quote

import pytest

from support.asgi import JSON_HEADER, ask, assert_problem
from support.place import Place
from support.raw import Raw

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def raw(place: Place) -> Raw:
    """The owner without the typed client."""
    return Raw(place.stack, place.owner)


def _users(place: Place) -> str:
    return f"/v1/tenants/{place.tenant.slug}/users"


_DEEP = 10_000
_MALFORMED = {
    "nothing closed": b'{"email":',
    "trailing": b'{"email":"a@example.com"}x',
    "two values": b'{"email":"a@example.com"}{}',
    "single quotes": b"{'email':'a@example.com'}",
    "comment": b'{"email":"a@example.com"}//',
    "comma": b'{"email":"a@example.com",}',
    "bom": BOM + b'{"email":"a@example.com"}',
    "not utf-8": b'{"email":"a\xff@example.com"}',
    "utf-16": '{"email":"a@example.com"}'.encode("utf-16"),
    "raw nul": b'{"email":"a\x00@example.com"}',
    "nul only": b"\x00",
    "raw control": b'{"displayName":"a\x1fb","email":"a@example.com"}',
    "surrogate": b'{"email":"a@example.com","displayName":"\\ud800"}',
    "surrogates swapped": b'{"email":"a@example.com","displayName":"\\udc00\\ud800"}',
    "surrogate in a name": b'{"\\ud800":1}',
    "surrogate as utf-8": b'{"email":"a@example.com","displayName":"\xed\xa0\x80"}',
    "overlong utf-8": b'{"email":"a@example.com","displayName":"\xc0\xaf"}',
    "deep lists": b'{"roles":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    "deep objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "deep and open": b"[" * 500_000,
    "nan": b'{"email":NaN}',
    "infinity": b'{"email":-Infinity}',
    "bare word": b"email",
    "form": b"email=a%40example.com",
    "xml": b"<?xml version='1.0'?><email/>",
}
_WELL_FORMED = {
    "array": b"[]",
    "array of pairs": b'[["email","a@example.com"]]',
    "text": b'"email"',
    "number": b"1",
    "huge number": b"1" * 5000,
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("body", _MALFORMED.values(), ids=_MALFORMED)
async def test_malformed_json(place: Place, raw: Raw, body: bytes) -> None:
    """What is no JSON is a bad request, and nothing is created."""
    assert_problem(await raw.send("POST", _users(place), body), 400, code="malformed_json")
    assert [user.id async for user in place.owner.users.list()] == [place.owner_user.id]


@pytest.mark.parametrize("body", _WELL_FORMED.values(), ids=_WELL_FORMED)
async def test_json_that_is_no_object(place: Place, raw: Raw, body: bytes) -> None:
    """An input is an object, and nothing else stands for one."""
    assert_problem(await raw.send("POST", _users(place), body), 400)


_ADDRESS = '"email":"a@example.com"'
_WRONG = [
    ("{}", "email", "missing"),
    ('{"email":null}', "email", "string_type"),
    ('{"email":1}', "email", "string_type"),
    ('{"email":true}', "email", "string_type"),
    ('{"email":["a@example.com","b@example.com"]}', "email", "string_type"),
    ('{"email":{"$ne":""}}', "email", "string_type"),
    ('{"email":"a@example.com\\u0000"}', "email", "email"),
    (f'{{{_ADDRESS},"displayName":"a\\u0000b"}}', "displayName", "control_character"),
    (f'{{{_ADDRESS},"displayName":"a\\nb"}}', "displayName", "control_character"),
    (f'{{{_ADDRESS},"displayName":"  "}}', "displayName", "string_too_short"),
    (f'{{{_ADDRESS},"displayName":"{"x" * 201}"}}', "displayName", "string_too_long"),
    (f'{{{_ADDRESS},"displayName":{"1" * 300}}}', "displayName", "string_type"),
    (f'{{{_ADDRESS},"roles":"owner"}}', "roles", "list_type"),
    (f'{{{_ADDRESS},"roles":{{"0":"owner"}}}}', "roles", "list_type"),
    (f'{{{_ADDRESS},"roles":[["owner"]]}}', "roles.0", "string_type"),
    (f'{{{_ADDRESS},"roles":[null]}}', "roles.0", "string_type"),
    (f'{{{_ADDRESS},"roles":["member","member"]}}', "roles", "duplicate_role"),
    (f'{{{_ADDRESS},"roles":{["member"] * 5000}}}'.replace("'", '"'), "roles", "too_long"),
    (f'{{{_ADDRESS},"display_name":"Ada"}}', "display_name", "extra_forbidden"),
    (f'{{{_ADDRESS},"DisplayName":"Ada"}}', "DisplayName", "extra_forbidden"),
    (f'{{{_ADDRESS},"":1}}', "", "extra_forbidden"),
    (f'{{{_ADDRESS},"__proto__":{{}}}}', "__proto__", "extra_forbidden"),
    (f'{{{_ADDRESS},"__type":"User"}}', "__type", "extra_forbidden"),
    (f'{{{_ADDRESS},"tenant":"acme"}}', "tenant", "extra_forbidden"),
    (f"{{{_ADDRESS},{_ADDRESS}}}", "email", "repeated"),
    ('{"email":"a@example.com","email":"b@example.com"}', "email", "repeated"),
    (f'{{{_ADDRESS},"x":{{"a":1,"a":2}}}}', "a", "repeated"),
]


@pytest.mark.parametrize(("body", "field", "code"), _WRONG, ids=[f"{field}-{code}" for _, field, code in _WRONG])
async def test_wrong_input_says_which_field(place: Place, raw: Raw, body: str, field: str, code: str) -> None:
    """Well-formed and wrong: the answer names the field by its JSON name, and does not repeat what was sent."""
    reply = await raw.send("POST", _users(place), body.encode())
    problem = assert_problem(reply, 422, code="validation_failed")
    assert (problem["fieldErrors"][0]["field"], problem["fieldErrors"][0]["code"]) == (field, code)
    assert "example.com" not in reply.body.decode().replace("ada@example.com", "")


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("0", "greater_than_equal"), ("-1", "greater_than_equal"), ("2147483648", "less_than_equal"),
        ("9223372036854775808", "less_than_equal"), ("1" * 4000, None), ("1" * 5000, None), ("1e999", None),
        ("1.5", "int_from_float"), ('"x"', "int_parsing"), ("[1]", "int_type"), ("{}", "int_type"),
    ],
)  # fmt: skip
async def test_odd_numbers(place: Place, raw: Raw, version: str, code: str | None) -> None:
    """Numbers that no version is are refused, however long they are."""
    path = f"{_users(place)}/{place.owner_user.id}"
    problem = assert_problem(await raw.send("PATCH", path, f'{{"expectedVersion":{version}}}'.encode()), 400, 422)
    if code is not None:
        assert [(e["field"], e["code"]) for e in problem["fieldErrors"]] == [("expectedVersion", code)]


@pytest.mark.parametrize("field", ["tenant", "user"])
async def test_path_fields_count_in_the_path_only(place: Place, raw: Raw, field: str) -> None:
    """A name of the path is refused in the body and in the query, though it were the same."""
    value = {"tenant": place.tenant.id, "user": place.owner_user.id}[field]
    path = f"{_users(place)}/{place.owner_user.id}"
    for reply in (
        await raw.send("PATCH", path, {"displayName": "Ada", field: value}),
        await raw.send("GET", f"{path}?{field}={value}"),
    ):
        problem = assert_problem(reply, 422)
        assert [(e["field"], e["code"]) for e in problem["fieldErrors"]] == [(field, "extra_forbidden")]


_LIMIT = 1_048_576


@pytest.mark.parametrize("length", [str(_LIMIT + 1), "9" * 30, "x", "-1", "1.5", "", "+1", "0x10", "１"])  # noqa: RUF001 (a digit that is none)
async def test_declared_size_is_believed_before_anything_is_read(place: Place, raw: Raw, length: str) -> None:
    """A length over the limit, or none that can be read, is refused without reading the body."""
    header = ("content-length", length.encode().decode("latin-1"))
    assert_problem(await raw.send("POST", _users(place), b'{"email":"a@example.com"}', header), 400, 413)


@pytest.mark.parametrize("declared", [None, "10"])
async def test_size_is_counted_whatever_is_declared(place: Place, raw: Raw, declared: str | None) -> None:
    """A body that comes in pieces, without a length or with a false one, is cut off at the limit."""
    chunks = [b"{"] + [b" " * 65_536] * 17
    headers = [] if declared is None else [("content-length", declared)]
    assert_problem(await raw.send("POST", _users(place), chunks, *headers), 413, code="payload_too_large")


async def test_largest_body_is_read(place: Place, raw: Raw) -> None:
    """A body of exactly the limit is read, in however many pieces."""
    body = b'{"email":"a@example.com"}'.ljust(_LIMIT)
    assert (await raw.send("POST", _users(place), [body[:7], body[7:9], body[9:]])).status == 201
    assert_problem(await raw.send("POST", _users(place), body + b" "), 413)


async def test_empty_body_is_an_empty_object(place: Place, raw: Raw) -> None:
    """No body is as good as `{}`."""
    problem = assert_problem(await raw.send("POST", _users(place), b""), 422)
    assert [error["field"] for error in problem["fieldErrors"]] == ["email"]


async def test_many_repeated_names_are_refused_in_no_time(place: Place, raw: Raw) -> None:
    """A body full of names takes no time that grows with their square."""
    names = ",".join(f'"n{number}":1' for number in range(60_000))
    reply = await raw.send("POST", _users(place), f'{{{names},"n59999":1}}'.encode())
    assert_problem(reply, 422)


_PATHS = {
    "bad percent": "/v1/tenants/%zz/users",
    "cut percent": "/v1/tenants/acme%/users",
    "percent slash": "/v1/tenants/ac%2Fme/users",
    "percent nul": "/v1/tenants/acme%00/users",
    "percent newline": "/v1/tenants/acme%0a/users",
    "not utf-8": "/v1/tenants/%ff%fe/users",
    "surrogate": "/v1/tenants/%ed%a0%80/users",
    "dot": "/v1/tenants/./users",
    "dots": "/v1/tenants/../users",
    "percent dots": "/v1/tenants/%2e%2e/users",
    "double percent dots": "/v1/tenants/%252e%252e/users",
    "empty": "/v1/tenants//users",
    "blank": "/v1/tenants/%20/users",
    "unicode": f"/v1/tenants/{quote('müller')}/users",
    "wide digits": f"/v1/tenants/{quote('ａｃｍｅ')}/users",  # noqa: RUF001 (letters that only look like it)
    "long": f"/v1/tenants/{'a' * 8000}/users",
    "many": "/v1" + "/a" * 4000,
    "sql": f"/v1/tenants/{quote(chr(39) + ' OR 1=1 --')}/users",
    "id of another kind": "/v1/tenants/user-01H2XVNZ7C9NXWK3TMCRD9QWMN/users",
    "id too large": "/v1/tenants/tenant-81H2XVNZ7C9NXWK3TMCRD9QWMN/users",
    "root": "/",
    "v1": "/v1",
    "v2": "/v2/tenants",
    "asset": "/docs/..%2f..%2fconfig.py",
    "asset dots": "/docs/%2e%2e",
}


@pytest.mark.parametrize("path", _PATHS.values(), ids=_PATHS)
async def test_odd_paths(raw: Raw, path: str) -> None:
    """A path that leads nowhere is not found, however it is written."""
    reply = await raw.send("GET", path)
    assert_problem(reply, 404, 422)


@pytest.mark.parametrize(
    "user",
    ["x", "user-", "user-01H2XVNZ7C9NXWK3TMCRD9QWM", "user-01H2XVNZ7C9NXWK3TMCRD9QWMNN",
     "user-Z1H2XVNZ7C9NXWK3TMCRD9QWMN", "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN", "01890a5d-ac96-774b-bcce-b302099a8057",
     "%00", "user-01H2XVNZ7C9NXWK3TMCRD9QWM%C4%B0", "user-" + "1" * 5000, "%252e"],
)  # fmt: skip
async def test_odd_ids(place: Place, raw: Raw, user: str) -> None:
    """What is no id of the kind is said to be none."""
    problem = assert_problem(await raw.send("GET", f"{_users(place)}/{user}"), 422)
    assert [(error["field"], error["code"]) for error in problem["fieldErrors"]] == [("user", "rich_id")]


_QUERIES = {
    "bad utf-8": "text=%ff",
    "raw latin": "text=\xe9",
    "surrogate": "text=%ed%a0%80",
    "nul": "text=%00",
    "newline": "text=a%0d%0ab",
    "repeated": "text=a&text=a",
    "repeated by alias": "limit=1&limit=1",
    "brackets": "text[]=a",
    "nested": "filter[state]=active",
    "no value": "limit",
    "only ampersands and one": "&&&x&&",
    "semicolon": "limit=1;sort=email",
    "many": "&".join(f"a{number}=1" for number in range(60)),
    "huge": "text=" + "a" * 15_000,
    "huge number": "limit=" + "9" * 5000,
    "exponent": "limit=1e2",
    "wide digit": "limit=" + quote("１"),  # noqa: RUF001 (a digit that is none)
}


@pytest.mark.parametrize("query", _QUERIES.values(), ids=_QUERIES)
async def test_odd_queries(place: Place, raw: Raw, query: str) -> None:
    """A query that cannot be read, or names what there is not, is refused."""
    assert_problem(await raw.send("GET", f"{_users(place)}?{query}"), 400, 422)


@pytest.mark.parametrize(
    "headers",
    [
        [("x-big", "a" * 16_384)],
        [("x" * 16_384, "a")],
        [(f"x-{number}", "a" * 100) for number in range(200)],
        [("x-same", "a" * 100) for _ in range(200)],
        [("cookie", "a=" + "a" * 10_000), ("cookie", "b=" + "b" * 10_000)],
    ],
    ids=["one", "name", "many", "many of one name", "cookies"],
)
async def test_large_headers(place: Place, raw: Raw, headers: list[tuple[str, str]]) -> None:
    """Headers over 16 KiB in sum are refused, on operations and on pages."""
    for path in (_users(place), "/docs"):
        assert_problem(await raw.send("GET", path, None, *headers), 431, code="headers_too_large")


@pytest.mark.parametrize(
    "header",
    [
        ("cookie", "\x00\xff;;;==="), ("cookie", "central_session"), ("content-type", "\xff"),
        ("user-agent", "\x00" * 400),
        ("x-request-id", "\r\n"), ("idempotency-key", "\x00"), ("origin", "\x00"), ("accept", "\xff"),
        ("host", "evil\x00"),
        ("x-forwarded-for", ",,,\xff,::"), ("content-encoding", "gzip"), ("transfer-encoding", "gzip"),
        ("expect", "100-continue"), ("range", "bytes=0-1"), ("x-http-method-override", "DELETE"), ("if-match", "*"),
    ],
)  # fmt: skip
async def test_odd_headers_are_no_fault(place: Place, header: tuple[str, str]) -> None:
    """A header with anything in it gives an answer in words or does not matter."""
    for method, path, body in (
        ("GET", _users(place), b""),
        ("POST", _users(place), b"{}"),
        ("DELETE", f"{_users(place)}/{place.owner_user.id}", b""),
        ("GET", "/meta/liveness-probe", b""),
    ):
        reply = await ask(place.stack.central, method, path, [JSON_HEADER, header], body)
        if path.startswith("/v1"):
            assert_problem(reply, 400, 401, 403)
        else:
            assert reply.status in {200, 400}


async def test_names_are_kept_as_they_are(place: Place, raw: Raw) -> None:
    """What is odd and allowed comes back unchanged: markup, quotes, other scripts, astral characters."""
    for name in (
        '<script>alert("1")</script>',
        "Robert'); DROP TABLE users;--",
        "名前 🦊",
        "=1+1",
        "{{7*7}}",
        "a\u0301",
        "\u202ex",
    ):
        email = f"{secrets.token_hex(4)}@example.com"
        reply = await raw.send("POST", _users(place), {"email": email, "displayName": name})
        assert (reply.status, reply.json()["displayName"]) == (201, name)
        found = [user async for user in place.owner.users.list(text=name)]
        assert [user.email for user in found] == [email]

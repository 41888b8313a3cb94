"""What crosses the wire: inputs that take no more than they say, outputs that show no more than they may."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter

from central.access import Anyone, SignedIn, TenantPermission
from central.auth_connectors.models import AuthConnector, AuthConnectorSettings, UnknownAuthConnectorSettings
from central.catalog import CATALOG
from central.kernel.events import Event
from central.kernel.ids import RichId, UserId
from central.kernel.model import Input, Output, Resource, Response
from central.kernel.operation import AnyOperation, Operation
from central.kernel.pages import Page
from central.kernel.unknown import UnknownValue
from support.models import INPUT_MODELS, OUTPUT_MODELS, OUTPUTS, classes_in, models_in, reachable, unions_in

SECRETIVE = re.compile(r"secret|token|email|password|address|subject", re.IGNORECASE)
SIGNING_IN = {"auth.verify_email_code", "invitations.accept", "auth.poll_device", "auth.exchange_loopback_code"}
CREDENTIAL = re.compile(r"(^|_)links?$|^secret$|^headers$")
SENSITIVE_OUTPUT = re.compile(r"secret|token|password|code|verifier|nonce", re.IGNORECASE)


def _name(case: Any) -> str:
    return case.name if isinstance(case, Operation) else case.__name__


def _strings(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every part of a schema that is of a type, with its place."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield where, schema
        for key, value in schema.items():
            if key not in {"examples", "default", "const", "enum"}:
                yield from _strings(value, f"{where}.{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _strings(value, f"{where}.{number}")


@pytest.mark.parametrize("model", INPUT_MODELS, ids=_name)
def test_input_takes_what_it_says_and_no_more(model: type[BaseModel]) -> None:
    """An input is named so, refuses unknown fields, is frozen, and never carries `__type`."""
    assert issubclass(model, Input)
    assert model.__name__.endswith("Input")
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]
    assert "type_" not in model.model_fields
    assert model.__doc__


@pytest.mark.parametrize("model", INPUT_MODELS, ids=_name)
def test_every_input_is_bounded(model: type[BaseModel]) -> None:
    """Text has a longest form, lists a most of items, numbers a range: nothing of any size gets in."""
    unbounded = []
    for where, schema in _strings(model.model_json_schema(mode="validation")):
        match schema["type"]:
            case "string":
                known = "enum" in schema or "const" in schema or schema.get("format") == "date-time"
                fine = "maxLength" in schema or known or _is_bounded(schema)
            case "array":
                fine = "maxItems" in schema
            case "integer" | "number":
                fine = {"minimum", "maximum"} <= schema.keys()
            case _:
                fine = True
        if not fine:
            unbounded.append((where, schema))
    assert unbounded == []


def _is_bounded(schema: dict[str, Any]) -> bool:
    """Tell whether a pattern takes texts of one length only, such as that of an id."""
    pattern = schema.get("pattern", "")
    return pattern.startswith("^") and pattern.endswith("$") and not set("*+?") & set(pattern)


@pytest.mark.parametrize("model", OUTPUT_MODELS, ids=_name)
def test_output_says_what_it_is(model: type[BaseModel]) -> None:
    """An output always carries all its fields, `__type` with its own name too, and keeps what a newer server adds."""
    assert issubclass(model, Output)
    assert not re.search(r"Schema|DTO|Dto", model.__name__)
    assert not model.__name__.endswith("Input")
    assert model.model_config["extra"] == "allow"
    field = model.model_fields["type_"]
    assert (field.default, field.alias) == (model.__name__, "__type")
    if not model.__name__.startswith("Unknown"):
        assert field.annotation == Literal[model.__name__]
    assert "type" not in model.model_fields
    assert model.__doc__
    schema = model.model_json_schema(mode="serialization", by_alias=True)
    assert set(schema["required"]) == set(schema["properties"]) >= {"__type"}


def test_names_of_outputs_are_unique() -> None:
    """One name is one class, as `__type` says no more."""
    names = [model.__name__ for model in OUTPUT_MODELS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", [m for m in OUTPUT_MODELS if m.__name__.endswith("Public")], ids=_name)
def test_public_ones_hold_nothing_that_is_not_public(model: type[BaseModel]) -> None:
    """What anyone may see is made of plain fields and of what anyone may see, and names no secret or address."""
    for name, field in model.model_fields.items():
        assert not SECRETIVE.search(name), name
        for found in classes_in(field.annotation):
            if issubclass(found, BaseModel):
                assert found.__name__.endswith("Public")
            else:
                assert issubclass(found, str | bool | int | datetime | list | type(None))


@pytest.mark.parametrize("operation", CATALOG, ids=_name)
def test_private_ones_go_to_their_owner(operation: AnyOperation) -> None:
    """A `…Private` DTO answers only whom it is about: a caller about themselves, or who has just signed in.

    That is: operations for any signed-in user, whose input names no user, and those by which somebody signs in.
    """
    if operation.output is type(None):
        return
    private = [model.__name__ for model in reachable(operation.output) if model.__name__.endswith("Private")]
    if private and operation.name not in SIGNING_IN:
        assert isinstance(operation.access, SignedIn)
        fields = operation.input_class.model_fields.values()
        assert UserId not in {found for field in fields for found in classes_in(field.annotation)}


@pytest.mark.parametrize("operation", [o for o in CATALOG if isinstance(o.access, Anyone)], ids=_name)
def test_strangers_get_public_resources_only(operation: AnyOperation) -> None:
    """Who is not signed in gets no resource but `…Public` ones, before they have signed in."""
    if operation.name in SIGNING_IN:
        return
    resources = [model for model in reachable(operation.output) if issubclass(model, Resource)]
    assert [model.__name__ for model in resources if not model.__name__.endswith("Public")] == []


@pytest.mark.parametrize("model", OUTPUT_MODELS, ids=_name)
def test_output_holds_no_secret(model: type[BaseModel]) -> None:
    """No field of an answer is named like a secret, and none takes one, but for the codes that a tool begins with."""
    allowed = {
        "has_client_secret",
        "client_secrets",
        "token_endpoint",
        "secret_id",
        "device_code",
        "user_code",
        "signing_secrets",
    }
    allowed |= {"secret"} if model.__name__ == "WebhookEndpointWithSecret" else set()  # once, when it is made
    allowed |= {"code"} if model.__name__ in {"JobError", "RowError", "ImageError"} else set()  # those of errors
    allowed |= {"code"} if model.__name__ in {"Unit", "UnitVersion", "ChartUnit"} else set()  # what they are called
    assert [n for n in model.model_fields if SENSITIVE_OUTPUT.search(n) and n not in allowed] == []
    schema = json.dumps(model.model_json_schema(mode="serialization"))
    assert '"format": "password"' not in schema
    assert '"writeOnly"' not in schema


@pytest.mark.parametrize("operation", CATALOG, ids=_name)
def test_credentials_are_answered_where_it_is_declared(operation: AnyOperation) -> None:
    """An answer with a link that lets somebody in, or a secret, is that of an operation that says so.

    What is kept of it is sealed.

    Whoever prints such an answer does not print the credential, and nobody else's operation gives it.
    """
    models = () if operation.output is type(None) else reachable(operation.output)
    links = [field for model in models for name, field in model.model_fields.items() if CREDENTIAL.search(name)]
    assert operation.secret == bool(links)
    assert not any(field.repr for field in links)
    # What lets a file in lets nobody in, and everybody may have an avatar.
    if links and operation.name != "images.create_upload":
        assert isinstance(operation.access, TenantPermission)
        assert operation.access.permission.endswith(":write")


@pytest.mark.parametrize("output", OUTPUTS, ids=_name)
def test_lists_are_in_named_keys(output: type[Output]) -> None:
    """A list of resources is the one list of a page, under a key that says of what."""
    assert issubclass(output, Resource | Response)
    # A step of the feed is no page: it has no cursor, and no last one.
    listed: Any = Resource | Event if issubclass(output, Page) else Resource
    lists = {
        name: field
        for name, field in output.model_fields.items()
        if get_origin(field.annotation) is list
        and any(issubclass(model, listed) for model in models_in(field.annotation))
    }
    if not issubclass(output, Page):
        assert lists == {}
        return
    assert list(lists) == [output.items_field]
    assert output.__name__.endswith("Response")
    item, *others = models_in(lists[output.items_field].annotation)
    if issubclass(item, Event):
        assert all(issubclass(other, Event) for other in others)
        return
    assert not others
    words = "".join(word.capitalize() for word in output.items_field.split("_"))
    assert re.sub(r"(Public|Private)$", "", item.__name__) in {words[:-1], words.removesuffix("ies") + "y"}


@pytest.mark.parametrize("model", sorted({*INPUT_MODELS, *OUTPUT_MODELS}, key=_name), ids=_name)
def test_unions_of_models_are_told_apart_by_kind(model: type[BaseModel]) -> None:
    """Where one of several models may stand, each has a `kind` of its own."""
    for name, field in model.model_fields.items():
        for union in unions_in(field.annotation):
            arms = [part for part in get_args(union) if part is not type(None)]
            models = [found for arm in arms for found in models_in(arm)]
            if len(models) > 1:
                assert all("kind" in arm.model_fields for arm in models), name
                kinds = [arm.model_fields["kind"].annotation for arm in models]
                assert len(set(map(str, kinds))) == len(kinds), name


@pytest.mark.parametrize("model", OUTPUT_MODELS, ids=_name)
def test_words_of_a_newer_server_are_kept(model: type[BaseModel]) -> None:
    """Every list of known words in an answer leaves room for one that this version does not know."""
    for name, field in model.model_fields.items():
        if name in {"type_", "kind"}:
            continue
        if any(get_origin(part) is Literal for part in _parts(field.annotation)):
            adapter: TypeAdapter[Any] = TypeAdapter(field.annotation)
            is_list = get_origin(field.annotation) is list
            read = adapter.validate_python(["from_the_future"] if is_list else "from_the_future")
            assert isinstance(read[0] if is_list else read, UnknownValue), name


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def test_kind_of_a_newer_server_is_kept() -> None:
    """A connector of a kind that this version does not know is read, with all its fields, and so is its page."""
    settings: Any = TypeAdapter(AuthConnectorSettings).validate_python({"kind": "saml", "entityId": "x"})
    assert isinstance(settings, UnknownAuthConnectorSettings)
    assert (settings.kind, settings.model_extra) == ("saml", {"entityId": "x"})
    wire = {
        "__type": "AuthConnector",
        "id": "connector-01H2XVNZ7C9NXWK3TMCRD9QWMN",
        "name": "SAML",
        "enabled": True,
        "settings": {"__type": "SamlSettings", "kind": "saml", "entityId": "x"},
        "clientSecrets": [],
        "tested": False,
        "testedAt": None,
        "provisioning": {
            "__type": "ProvisioningPolicy",
            "justInTime": False,
            "allowedDomains": [],
            "defaultRoles": ["member"],
            "attributes": {},
            "groupClaim": None,
            "groupRoles": [],
            "groups": [],
        },
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "version": 1,
        "colour": "green",
    }
    connector = AuthConnector.model_validate_json(json.dumps(wire))
    assert connector.kind == "saml"
    assert connector.model_dump(mode="json", by_alias=True) == wire


def test_prefixes_of_ids_are_unique() -> None:
    """A prefix is taken once; a second class for it fails at import."""
    with pytest.raises(TypeError, match="belongs to UserId"):
        type("Another", (RichId,), {}, prefix="user")
    assert RichId.registry["user"] is UserId
    assert all(re.fullmatch(r"[a-z]+", prefix) for prefix in RichId.registry)
    assert all(name.prefix == prefix for prefix, name in RichId.registry.items())


@pytest.mark.parametrize("model", sorted({*INPUT_MODELS, *OUTPUT_MODELS}, key=_name), ids=_name)
def test_ids_are_rich(model: type[BaseModel]) -> None:
    """A field that is named like an id is one, never plain text."""
    for name, field in model.model_fields.items():
        if name == "id" or (name.endswith("_id") and name not in {"client_id", "request_id"}):
            found = [kind for kind in classes_in(field.annotation) if kind is not type(None)]
            assert found
            assert all(issubclass(kind, RichId) for kind in found), name

"""Events: one kind each, ids and plain words only."""

import re
from datetime import datetime
from typing import Literal, get_args, get_origin

import pytest

from central.auth_connectors.events import AuthConnectorUpdated
from central.auth_connectors.models import UpdateAuthConnectorInput
from central.domains.events import DomainUpdated
from central.domains.models import UpdateDomainInput
from central.events.registry import UnknownEvent
from central.kernel.events import Changed, Event
from central.kernel.ids import RichId, TenantId, UserId
from central.kernel.model import Input
from central.kernel.unknown import UnknownValue
from central.roles.events import RoleUpdated
from central.roles.models import UpdateRoleInput
from central.tenants.events import SessionPolicyChanged, TenantBrandingChanged, TenantRenamed
from central.tenants.models import RenameTenantInput, SetTenantBrandingInput, UpdateSessionPolicyInput
from central.users.events import AttributeRulesChanged, UserTagsChanged, UserUpdated
from central.users.models import SetAttributeRulesInput, SetTagsInput, UpdateUserInput
from central_server.auth.listeners import LISTENERS
from central_server.infra.outbox import Listeners
from support.models import classes_in, event_classes

EVENTS = [event for event in event_classes() if event is not UnknownEvent]


def test_kinds_are_unique() -> None:
    """No two events share a kind."""
    kinds = [event.model_fields["kind"].default for event in EVENTS]
    assert len(kinds) == len(set(kinds))
    assert len(kinds) > 15


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_event_names_things_by_their_ids(event: type[Event]) -> None:
    """An event has a literal `kind` and `__type`, and its fields are ids, times, numbers, flags and known words."""
    kind = event.model_fields["kind"]
    assert get_origin(kind.annotation) is Literal
    assert get_args(kind.annotation) == (kind.default,)
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", kind.default)
    assert event.model_fields["type_"].default == event.__name__
    assert event.__doc__
    for name, field in event.model_fields.items():
        if name in {"kind", "type_", "request_id", "traceparent", "version", "changes"}:
            continue
        for found in classes_in(field.annotation):
            assert issubclass(found, RichId | datetime | int | UnknownValue | type(None) | list), name


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_words_in_events_leave_room_for_new_ones(event: type[Event]) -> None:
    """Where an event has a list of known words, an older reader keeps a new one."""
    for name, field in event.model_fields.items():
        if name in {"kind", "type_"} or "Literal" not in str(field.annotation):
            continue
        assert UnknownValue in set(classes_in(field.annotation)), name


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (UserUpdated, UpdateUserInput),
        (UserTagsChanged, SetTagsInput),
        (AttributeRulesChanged, SetAttributeRulesInput),
        (TenantRenamed, RenameTenantInput),
        (TenantBrandingChanged, SetTenantBrandingInput),
        (SessionPolicyChanged, UpdateSessionPolicyInput),
        (RoleUpdated, UpdateRoleInput),
        (DomainUpdated, UpdateDomainInput),
        (AuthConnectorUpdated, UpdateAuthConnectorInput),
    ],
)
def test_every_field_is_told_or_withheld(event: type[Changed], change: type[Input]) -> None:
    """What can be changed of a thing is told with its values, or named without them: nothing is forgotten."""
    about = {"tenant", "expected_version", "user", "role", "domain", "client_secret_expires_at"}
    spelled = {"connector": "connector_id"} if event is DomainUpdated else {"connector": ""}
    fields = {spelled.get(name, name) for name in change.model_fields if name not in about} - {""}
    assert fields <= event.told | event.withheld
    assert not event.told & event.withheld


def test_what_a_change_tells() -> None:
    """Of what differs the values are told, or only the name where they are withheld; the rest is not there."""
    before = {"locale": "de", "roles": ["member"], "email": "ada@example.com", "time_zone": None, "version": 3}
    after = {**before, "locale": None, "email": "grace@example.com", "version": 4, "last_sign_in_at": "now"}
    event = UserUpdated.between(before, after, tenant_id=TenantId.new(), user_id=UserId.new())
    assert event.version == 4
    assert [(each.field, each.before, each.after, each.withheld) for each in event.changes] == [
        ("email", None, None, True),
        ("locale", "de", None, False),
    ]
    assert "example.com" not in event.model_dump_json()


@pytest.mark.parametrize(
    "event", [each for each in EVENTS if issubclass(each, Changed)], ids=lambda each: each.__name__
)
def test_no_secret_is_told(event: type[Changed]) -> None:
    """No field that is told is named like a secret, and none holds an address or a name of a person."""
    assert not {name for name in event.told if re.search("secret|token|password|email|display_name|key", name)}


def test_listeners_listen_to_events_that_are() -> None:
    """Each listener is for a declared event, and there is one for each kind at most."""
    assert {listener.event for listener in LISTENERS} <= set(EVENTS)
    with pytest.raises(ValueError, match="two listeners"):
        Listeners((*LISTENERS, *LISTENERS))

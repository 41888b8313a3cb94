"""The places where an id can stand are found in every form of input: the cross-tenant matrix rests on it."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from central.kernel.ids import AuthConnectorId, RichId, SessionId, TenantId, UserId
from central.kernel.model import Input, TenantInput
from central.kernel.pages import TenantPageInput
from support.examples import Things
from support.places_of_ids import IdPlace, id_places


class _Grant(Input):
    user: UserId
    others: list[UserId] = []


class _Left(Input):
    kind: Literal["left"]
    session: SessionId


class _Right(Input):
    kind: Literal["right"]
    inner_part: _Grant | None = None


class _Nested(TenantPageInput):
    plain: UserId
    either: UserId | SessionId | None = None
    bounded: Annotated[list[AuthConnectorId], Field(max_length=3)] = []
    grants: list[_Grant] = []
    settings: Annotated[_Left | _Right, Field(discriminator="kind")]
    elsewhere: TenantId | None = None
    roles: list[str] = []
    text: str = ""
    again: "_Nested | None" = None


class _Mapped(TenantInput):
    by_user: dict[UserId, str]


def test_every_form_is_walked() -> None:
    """Fields, lists, nested models, the arms of unions, other tenants and the cursor are all found, once."""
    kinds = [(place.name, getattr(place.kind, "__name__", place.kind)) for place in id_places(_Nested)]
    assert kinds == [
        ("cursor", None),
        ("tenant", "TenantId"),
        ("plain", "UserId"),
        ("either", "UserId"),
        ("either", "SessionId"),
        ("bounded[]", "AuthConnectorId"),
        ("grants[].user", "UserId"),
        ("grants[].others[]", "UserId"),
        ("settings.session", "SessionId"),
        ("settings.inner_part.user", "UserId"),
        ("settings.inner_part.others[]", "UserId"),
        ("elsewhere", "TenantId"),
        ("roles[]", ("role", "held_role")),
    ]


def test_forms_that_are_not_known_are_refused() -> None:
    """An id in a form that nobody has taught the walk stops the tests, instead of being passed by."""
    with pytest.raises(TypeError, match="by_user: teach"):
        id_places(_Mapped)


def _place(name: str) -> IdPlace:
    return next(place for place in id_places(_Nested) if place.name == name)


def test_places_are_filled() -> None:
    """A value goes where the place says and nowhere else; in a list alone, and behind what is there."""
    fields = {"plain": "a", "bounded": ["b"], "settings": {"kind": "right", "innerPart": {"user": "c"}}}
    assert list(_place("plain").fill(fields, "x")) == [{**fields, "plain": "x"}]
    assert list(_place("bounded[]").fill(fields, "x")) == [
        {**fields, "bounded": ["x"]},
        {**fields, "bounded": ["b", "x"]},
    ]
    assert list(_place("grants[].user").fill(fields, "x")) == [{**fields, "grants": [{"user": "x"}]}]
    assert list(_place("settings.inner_part.user").fill(fields, "x")) == [
        {**fields, "settings": {"kind": "right", "innerPart": {"user": "x"}}}
    ]


def test_an_example_of_another_arm_does_not_hold_a_place() -> None:
    """A place in one arm of a union is not tried with an example of the other arm, which would be refused for that."""
    things = Things.absent()
    left = {"plain": things.user, "settings": {"kind": "left", "session": things.session}}
    right = {"plain": things.user, "settings": {"kind": "right", "innerPart": {"user": things.user}}}
    held = [[place.name for place in id_places(_Nested) if place.is_held(fields, _Nested)] for fields in (left, right)]
    shared = ["cursor", "tenant", "plain", "either", "either", "bounded[]"]
    assert held[0] == [*shared, "settings.session", "elsewhere", "roles[]"]
    assert held[1] == [*shared, "settings.inner_part.user", "settings.inner_part.others[]", "elsewhere", "roles[]"]
    grants = {**left, "grants": [{"user": things.user}]}
    assert _place("grants[].user").is_held(grants, _Nested)


def test_every_kind_of_id_has_things() -> None:
    """A new kind of id is refused by this test until a real thing of it is made in a tenant."""
    kinds = [kind for kind in RichId.registry.values() if kind.__module__.startswith("central.")]
    assert kinds
    for kind in kinds:
        assert Things.absent().of_kind(kind), (
            f"{kind.__name__}: add a field for it to Things (tests/support/examples.py), make a real one in "
            "Things.of and an absent one in Things.absent"
        )

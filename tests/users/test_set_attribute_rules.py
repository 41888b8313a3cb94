"""Saying which attributes users may have."""

import asyncio
import time
from typing import Any

import pytest

from central_client import AsyncCentral, ConflictError, ForbiddenError, ValidationFailedError
from support.place import Place

RULES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "department": {"enum": ["Sales", "Support"]},
        "floor": {"type": "integer", "minimum": 0},
        "badge": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
    },
    "required": ["department"],
    "additionalProperties": False,
}


async def test_rules_count_whenever_attributes_are_written(owner: AsyncCentral, place: Place) -> None:
    """What the rules do not allow is refused by name, at creation and at changes; what they allow is kept."""
    await owner.users.set_attribute_rules(json_schema=RULES)
    good = {"department": "Sales", "floor": 3, "badge": "AB12"}
    user = await owner.users.create(email="ada@example.com", attributes=good)
    assert user.attributes == good
    for wrong, field in (
        ({**good, "floor": -1}, "attributes.floor"),
        ({**good, "badge": "12"}, "attributes.badge"),
        ({"floor": 3}, "attributes"),
        ({**good, "colour": "red"}, "attributes"),
    ):
        with pytest.raises(ValidationFailedError) as refusal:
            await owner.users.create(email="eve@example.com", attributes=wrong)
        assert field in [error.field for error in refusal.value.field_errors]
        assert "AB12" not in str(refusal.value)
    with pytest.raises(ValidationFailedError):
        await owner.users.update(user=user.id, attributes={"department": None})
    assert (await owner.users.update(user=user.id, attributes={"floor": None})).attributes == {
        "department": "Sales",
        "badge": "AB12",
    }


async def test_attributes_merge(owner: AsyncCentral) -> None:
    """A change merges into what is there (RFC 7396): null takes away, objects merge, lists are replaced."""
    user = await owner.users.create(
        email="ada@example.com", attributes={"a": 1, "b": {"x": 1, "y": 2}, "c": [1, 2], "d": None}
    )
    assert user.attributes == {"a": 1, "b": {"x": 1, "y": 2}, "c": [1, 2]}
    changed = await owner.users.update(user=user.id, attributes={"a": None, "b": {"x": None, "z": 3}, "c": [3]})
    assert changed.attributes == {"b": {"y": 2, "z": 3}, "c": [3]}


async def test_what_was_there_stays_until_it_is_written(owner: AsyncCentral) -> None:
    """New rules do not touch attributes that are there, nor changes of something else."""
    user = await owner.users.create(email="ada@example.com", attributes={"colour": "red"})
    await owner.users.set_attribute_rules(json_schema=RULES)
    renamed = await owner.users.update(user=user.id, display_name="Ada")
    assert renamed.attributes == {"colour": "red"}
    with pytest.raises(ValidationFailedError):
        await owner.users.update(user=user.id, attributes={"floor": 1})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"properties": []},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"pattern": "^(a+)+\\1$"}}},
        {"properties": {"a": {"pattern": "^(?=(a+)+$)b"}}},
        {"$ref": "https://evil.example/schema.json"},
        {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {}}},
        {"$dynamicRef": "#x"},
        {"minimum": "x"},
    ],
)
async def test_what_is_no_schema_is_refused(owner: AsyncCentral, schema: dict[str, Any]) -> None:
    """It must be a JSON Schema without references, near or far."""
    with pytest.raises(ValidationFailedError) as refusal:
        await owner.users.set_attribute_rules(json_schema=schema)
    assert refusal.value.field_errors[0].field == "jsonSchema"


async def test_a_pattern_does_not_stop_the_server(owner: AsyncCentral) -> None:
    """A pattern that backtracks for ever elsewhere takes time in proportion to the text here."""
    await owner.users.set_attribute_rules(json_schema={"properties": {"a": {"pattern": "^(a+)+$"}}})
    started = time.perf_counter()
    with pytest.raises(ValidationFailedError):
        await owner.users.create(email="ada@example.com", attributes={"a": "a" * 5000 + "!"})
    assert time.perf_counter() - started < 2


async def test_of_many_who_expect_a_version_one_wins(owner: AsyncCentral) -> None:
    """Of 20 who change the same version at once, one succeeds, also the first of all."""
    for version in (0, 1):
        made = await asyncio.gather(
            *(
                owner.users.set_attribute_rules(json_schema={"title": str(number)}, expected_version=version)
                for number in range(20)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, ConflictError) for outcome in made) == 19
        assert (await owner.users.get_attribute_rules()).version == version + 1
    with pytest.raises(ConflictError):
        await owner.users.set_attribute_rules(json_schema={}, expected_version=7)


async def test_only_owners_set_rules(admin: AsyncCentral) -> None:
    """It takes the permission to change the tenant."""
    with pytest.raises(ForbiddenError):
        await admin.users.set_attribute_rules(json_schema={})


async def test_attributes_are_small(owner: AsyncCentral) -> None:
    """All attributes together have 16 KiB at most."""
    with pytest.raises(ValidationFailedError):
        await owner.users.create(email="ada@example.com", attributes={"a": "x" * 17_000})

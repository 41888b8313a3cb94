"""What may become of units: how deep and how wide a tree is, and where among its siblings a unit stands."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from central.errors import ConflictError, ValidationFailedError
from central.kernel.ids import UnitId
from central.units.models import (
    MOST_ASSIGNMENTS_CASCADED,
    MOST_CASCADED,
    MOST_LEVELS,
    MOST_SIBLINGS,
    UpdateUnitInput,
)
from central.users.fields import Attributes
from central_server.units.tables import STEP, DBAssignment, DBHeights, DBHeldUnit, DBUnit
from central_server.users.policy import merge_patch

_CHANGEABLE = ("name", "kind", "description", "code", "single_holder", "attributes", "tags")
_ATTRIBUTES: TypeAdapter[dict[str, Any]] = TypeAdapter(Attributes)


def middle(before: int | None, after: int | None) -> int | None:
    """Give a position between two, or beside one, or the first of all; None where there is no room."""
    if before is None or after is None:
        return before + STEP if before is not None else after - STEP if after is not None else 0
    return (before + after) // 2 if after - before > 1 else None


def check_height(heights: DBHeights) -> None:
    """Refuse a place below the unit itself, and a tree of too many levels."""
    if heights["inside"]:
        raise ConflictError("A unit cannot stand below itself.", code="unit_cycle")
    if heights["above"] + heights["levels"] > MOST_LEVELS:
        raise ConflictError(f"A tree has {MOST_LEVELS} levels at most.", code="too_many_levels")


def check_width(siblings: int) -> None:
    """Refuse one sibling too many."""
    if siblings >= MOST_SIBLINGS:
        raise ConflictError(f"At most {MOST_SIBLINGS:,} units stand directly below one.", code="too_many_siblings")


def check_number(units: int) -> None:
    """Refuse to change more units at once than a transaction should."""
    if units > MOST_CASCADED:
        raise ConflictError(
            f"More than {MOST_CASCADED:,} units would change at once; begin further down.", code="too_many_units"
        )


def check_in_use(parent: DBUnit) -> None:
    """Refuse to put anything below what is archived."""
    if parent["archived_at"] is not None:
        raise ConflictError("The unit above is archived; restore it first.", code="parent_archived")


def check_sibling(sibling: DBUnit, unit: UnitId, parent: UnitId | None) -> None:
    """Refuse a place beside a unit that stands elsewhere, or beside itself."""
    if sibling["parent_id"] != parent or sibling["id"] == unit:
        raise ConflictError("The unit named before or after is none of its siblings there.", code="not_a_sibling")


def changed_fields(input: UpdateUnitInput, before: DBUnit) -> dict[str, Any]:
    """Give all that a unit is to be after a change, as its statement takes it."""
    was: Mapping[str, Any] = before
    fields: dict[str, Any] = {
        name: getattr(input, name) if name in input.model_fields_set else was[name] for name in _CHANGEABLE
    }
    if input.attributes is not None:
        fields["attributes"] = merge_patch(before["attributes"], input.attributes)
        check_attributes(fields["attributes"])
    return {f"new_{name}": value for name, value in fields.items()}


def check_attributes(attributes: dict[str, Any]) -> None:
    """Refuse more attributes than a unit has room for, which a merge can make of two that fit."""
    try:
        _ATTRIBUTES.validate_python(attributes)
    except ValidationError:
        raise ValidationFailedError.of(
            "attributes", "Together these are too many, or too large", code="too_large"
        ) from None


def tags_asked(filters: Sequence[str]) -> dict[str, str]:
    """Read filters by tags; one that is named twice has one value, and so is wrong."""
    pairs = dict(text.split(":", 1) for text in filters)
    if len(pairs) < len(filters):
        raise ValidationFailedError.of("tag", "A tag is named twice, and has one value", code="repeated")
    return pairs


def check_assignable(unit: DBHeldUnit) -> None:
    """Refuse to assign anybody to what is archived."""
    if unit["archived_at"] is not None:
        raise ConflictError("This unit is archived; restore it first.", code="unit_archived")


def check_times(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Refuse an end that is not behind the beginning, which is now when it is not given."""
    if ends_at is not None and ends_at <= (starts_at or datetime.now(UTC)):
        raise ValidationFailedError.of("endsAt", "This is not behind the beginning", code="ends_before_start")


def collision(error: ConflictError, other: DBAssignment | None) -> ConflictError:
    """Say who is in the way of an assignment, and when; `other` may have gone meanwhile."""
    if other is None:
        return error
    until = "without an end" if other["ends_at"] is None else f"until {other['ends_at'].isoformat()}"
    return ConflictError(
        f"{error.message} {other['user_id']} is in it from {other['starts_at'].isoformat()} {until}, by {other['id']}.",
        code=error.code,
    )


def has_assignments() -> ConflictError:
    """Give the error for deleting a unit with assignments, which are its history too."""
    return ConflictError("There are assignments to it; say that they are to go too.", code="unit_has_assignments")


def check_assignments(number: int, *, cascade: bool) -> None:
    """Refuse to delete assignments unless told to, and more of them at once than a transaction should."""
    if number and not cascade:
        raise has_assignments()
    if number > MOST_ASSIGNMENTS_CASCADED:
        raise ConflictError(
            f"More than {MOST_ASSIGNMENTS_CASCADED:,} assignments would be deleted at once;"
            " begin further down, or archive the unit.",
            code="too_many_assignments",
        )

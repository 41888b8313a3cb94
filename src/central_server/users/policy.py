"""Who may do what to whom among the users of a tenant."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Protocol, cast
from zoneinfo import available_timezones

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central.kernel.ids import TenantId
from central.users.models import UpdateMeInput, UpdateUserInput
from central_server.infra.actor import Actor, By

OWNER = "owner"
DETAILS = ("display_name", "locale", "time_zone", "tags", "attributes")
"""The columns that describe a user and that changes write over."""

_PROFILE = ("display_name", "locale", "time_zone")


class Doer(Protocol):
    """Who acts, as far as giving and taking roles goes: somebody signed in, or who started a job."""

    @property
    def tenant_id(self) -> TenantId:
        """The tenant in which they act."""
        ...

    @property
    def by(self) -> By:
        """Who they are, for events."""
        ...

    @property
    def permissions(self) -> frozenset[str]:
        """What they may."""
        ...

    @property
    def is_owner(self) -> bool:
        """Whether they may change owners."""
        ...

    def check_fresh(self) -> None:
        """Refuse what takes a sign-in of the last ten minutes."""


def check_may_grant(actor: Doer, roles: Collection[str], permissions: Collection[str]) -> None:
    """Refuse to give or take roles that allow more than the actor may; only owners make owners.

    `permissions` are what the roles allow together.
    """
    if OWNER in roles and not actor.is_owner:
        raise ForbiddenError("Only an owner makes owners.", code="owner_needed")
    if OWNER in roles:
        actor.check_fresh()
    if missing := sorted(set(permissions) - actor.permissions):
        raise ForbiddenError(
            f"You do not hold {', '.join(missing)} yourself, and cannot give or take it.", code="permission_not_held"
        )


def check_may_read_users(actor: Actor) -> None:
    """Refuse who may not see people, for what tells of them beside what an operation itself takes."""
    if "users:read" not in actor.permissions:
        raise ForbiddenError("This tells of people, and takes the permission users:read.", code="permission_missing")


def check_may_change(
    actor: Actor, roles: Collection[str], permissions: Collection[str], system_permissions: Collection[str]
) -> None:
    """Refuse to change somebody who may do more than the actor: whoever has their address could be them."""
    if OWNER in roles and not actor.is_owner:
        raise ForbiddenError("Only an owner changes an owner.", code="owner_needed")
    if not (actor.permissions >= set(permissions) and actor.system_permissions >= set(system_permissions)):
        raise ForbiddenError("This person may do more than you; ask one of them.", code="more_powerful")


def check_owner_remains(owners: Collection[str], leaving: str) -> None:
    """Refuse to let the last active owner without an end date go."""
    if leaving in owners and len(owners) == 1:
        raise ConflictError("This is the tenant's last active owner; make another one first.", code="last_owner")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check_time_zone(name: str | None) -> None:
    """Refuse a time zone that the IANA database does not have."""
    if name is not None and name not in _time_zones():
        raise ValidationFailedError.of(
            "timeZone", "There is no such time zone; write it like 'Europe/Zurich'", code="unknown_time_zone"
        )


def given_details(input: UpdateUserInput | UpdateMeInput) -> dict[str, Any]:
    """Give what a change says of a profile; what it does not mention is absent."""
    check_time_zone(input.time_zone)
    return {name: getattr(input, name) for name in _PROFILE if name in input.model_fields_set}


def merge_patch(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a patch into an object: null takes away, objects merge, everything else replaces (RFC 7396)."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            inner = merged.get(name)
            base = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}
            merged[name] = merge_patch(base, cast("dict[str, Any]", value))
        else:
            merged[name] = value
    return merged

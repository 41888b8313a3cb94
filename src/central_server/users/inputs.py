from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from central.access import TenantPermissionName
from central.errors import ForbiddenError
from central.kernel.ids import TenantId, UserId
from central.users.models import CreateUserInput
from central_server.infra.actor import By
from central_server.users.policy import check_time_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be made: by an admin, as a tenant's first owner, at their first sign-in or by an invitation.

    `granted_by` is who gave them their roles, if it is not whoever makes them.
    """

    email: str
    display_name: str | None = None
    roles: Sequence[str] = ("member",)
    email_verified: bool = False
    granted_by: UserId | None = None
    locale: str | None = None
    time_zone: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])


def new_user(input: CreateUserInput) -> NewUser:
    """Read what an admin asks for; attributes that are null are absent."""
    check_time_zone(input.time_zone)
    return NewUser(
        email=input.email,
        display_name=input.display_name,
        roles=input.roles,
        locale=input.locale,
        time_zone=input.time_zone,
        external_ids=input.external_ids,
        tags=input.tags,
        attributes={name: value for name, value in input.attributes.items() if value is not None},
    )


class Powers(NamedTuple):
    """What somebody may do now."""

    user: UserId
    permissions: frozenset[str]
    system_permissions: frozenset[str]
    is_owner: bool

    def check_hold(self, *needed: TenantPermissionName) -> None:
        """Refuse to go on for who holds one of these no more; `ForbiddenError`."""
        for permission in needed:
            if permission not in self.permissions:
                what = f"Whoever started this does not hold {permission} any more."
                raise ForbiddenError(what, code="permission_missing")

    def covers(self, permissions: Collection[str], system_permissions: Collection[str] = ()) -> bool:
        """Whether they may do all of this."""
        return self.permissions >= set(permissions) and self.system_permissions >= set(system_permissions)


@dataclass(frozen=True, slots=True)
class Starter:
    """Whoever started a job, where somebody signed in would act: they may what they may now, and did not sign in."""

    tenant_id: TenantId
    by: By
    permissions: frozenset[str]
    is_owner: bool

    def check_fresh(self) -> None:
        """Refuse what takes a sign-in of the last ten minutes, which no job has."""
        raise ForbiddenError(
            "No job does this, as it takes a sign-in of the last ten minutes: do it by itself.",
            code="reauthentication_required",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is to change of a locked user: all details as they are to be, and further names and roles."""

    user: UserId
    before: Mapping[str, Any]
    details: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    granted: Sequence[str] = ()
    revoked: Sequence[str] = ()
    ends_sessions: bool = False

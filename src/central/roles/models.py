from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from central.access import TenantPermissionName
from central.kernel.ids import AuthConnectorId, RoleId, UserId
from central.kernel.model import PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Line
from central.kernel.unknown import UnknownValue

RoleReach: TypeAlias = Literal["unit", "subtree"]

RoleSlug: TypeAlias = Annotated[
    str, StringConstraints(min_length=2, max_length=40, pattern=r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$")
]
"""A role's name for programs: `owner`, `admin`, `member`, or one of the tenant's own."""


def _distinct(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise PydanticCustomError("duplicate", "Something was named twice")
    return names


def _each_once(roles: list[str]) -> list[str]:
    if len(set(roles)) != len(roles):
        raise PydanticCustomError("duplicate_role", "A role was named twice")
    return roles


Roles: TypeAlias = Annotated[list[RoleSlug], Field(min_length=1, max_length=20), AfterValidator(_each_once)]
"""Which roles somebody holds, each named once."""

Permissions: TypeAlias = Annotated[list[TenantPermissionName], Field(max_length=100), AfterValidator(_distinct)]


class Role(Resource):
    """Permissions under one name, which users hold. `owner`, `admin` and `member` are built in."""

    id: RoleId
    slug: str = Field(description="What users' roles are called by; it never changes.")
    name: str
    description: str | None = None
    permissions: list[TenantPermissionName | UnknownValue]
    reach: RoleReach | UnknownValue = Field(
        description="What it allows whoever has it in a unit: in that unit alone, or in all below it too."
    )
    built_in: bool = Field(description="Whether it is part of every tenant and cannot be changed.")
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class CreateRoleInput(TenantInput):
    """A role of the tenant's own, made of permissions that the caller holds."""

    slug: RoleSlug
    name: Line
    description: Line | None = None
    permissions: Permissions
    reach: RoleReach = Field(default="unit", description="How far it reaches where somebody has it in a unit.")


class GetRoleInput(TenantInput):
    """Which role to get."""

    role: RoleSlug


class ListRolesInput(TenantPageInput):
    """All roles of the tenant, by slug."""


class ListRolesResponse(Page[Role]):
    """One page of roles."""

    roles: list[Role]


class UpdateRoleInput(PatchInput):
    """What to change of a role; a field that is absent is left alone, null clears the description."""

    clearable = frozenset({"description"})

    role: RoleSlug
    name: Line | None = None
    description: Line | None = None
    permissions: Permissions | None = None
    reach: RoleReach | None = None
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class DeleteRoleInput(TenantInput):
    """Which role to delete; nobody may hold it."""

    role: RoleSlug


class RoleGrant(Resource):
    """A role that a user holds."""

    role: str = Field(description="The role's slug.")
    expires_at: datetime | None = Field(default=None, description="When it ends by itself; null: not.")
    connector_id: AuthConnectorId | None = Field(
        default=None,
        description="The connector whose provider tells of a group that has the role; null: given by hand.",
    )
    granted_at: datetime
    granted_by: UserId | None = None


class ListRoleGrantsInput(TenantPageInput):
    """Whose roles to list, by slug."""

    user: UserId


class ListRoleGrantsResponse(Page[RoleGrant]):
    """The roles that a user holds now."""

    role_grants: list[RoleGrant]


class GrantRoleInput(TenantInput):
    """Which role to give to whom, and until when."""

    user: UserId
    role: RoleSlug
    expires_at: AwareDatetime | None = Field(default=None, description="When it is to end by itself; null: never.")


class RevokeRoleInput(TenantInput):
    """Which role to take from whom."""

    user: UserId
    role: RoleSlug

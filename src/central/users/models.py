from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from central.access import SystemPermissionName, TenantPermissionName
from central.kernel.ids import TenantId, UserId
from central.kernel.model import PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Email, Line, ShortLine
from central.kernel.unknown import UnknownValue
from central.roles.models import RoleSlug

UserState: TypeAlias = Literal["active", "disabled"]
UserSort: TypeAlias = Literal["created_at", "-created_at", "display_name", "-display_name", "email", "-email"]


def _distinct(roles: list[str]) -> list[str]:
    if len(set(roles)) != len(roles):
        raise PydanticCustomError("duplicate_role", "A role was named twice")
    return roles


Roles: TypeAlias = Annotated[list[RoleSlug], Field(min_length=1, max_length=20), AfterValidator(_distinct)]


class User(Resource):
    """A person in a tenant, as other users of the tenant may see them."""

    id: UserId
    tenant_id: TenantId
    email: str = Field(description="The primary address, unique in the tenant whatever the case.")
    email_verified: bool = Field(description="Whether the person has shown that the address is theirs.")
    display_name: str
    roles: list[str] = Field(description="The slugs of the roles that the person holds now.")
    state: UserState | UnknownValue
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")
    locale: str | None = Field(default=None, description="The language that the person reads (BCP 47): `de-CH`.")
    time_zone: str | None = Field(default=None, description="Where the person's clock is (IANA): `Europe/Zurich`.")
    tags: dict[str, str] = {}
    attributes: dict[str, JsonValue] = Field(default={}, description="As the tenant's schema of attributes allows.")


class UserPrivate(Resource):
    """A person in a tenant, as they see themselves."""

    id: UserId
    tenant_id: TenantId
    email: str
    email_verified: bool
    display_name: str
    roles: list[str] = Field(description="The slugs of the roles that the person holds now.")
    permissions: list[TenantPermissionName | UnknownValue] = Field(description="What the roles allow in the tenant.")
    system_permissions: list[SystemPermissionName | UnknownValue] = Field(description="For operators of the system.")
    state: UserState | UnknownValue
    created_at: datetime
    updated_at: datetime
    last_sign_in_at: datetime | None = None
    version: int
    locale: str | None = None
    time_zone: str | None = None


class CreateUserInput(TenantInput):
    """A new user. They sign in by any connector that leads to their address."""

    email: Email
    display_name: Line | None = Field(default=None, description="The part of the address before the @ when absent.")
    roles: Roles = ["member"]


class GetUserInput(TenantInput):
    """Which user to get."""

    user: UserId


class ListUsersInput(TenantPageInput):
    """Which users to list, and in which order."""

    email: Email | None = Field(default=None, description="The whole address, without case.")
    state: UserState | None = None
    role: RoleSlug | None = Field(default=None, description="Who holds this role now.")
    text: ShortLine | None = Field(default=None, description="Part of the name or the address, without case.")
    sort: UserSort = "created_at"


class ListUsersResponse(Page[User]):
    """One page of users."""

    users: list[User]


class UpdateUserInput(PatchInput):
    """What to change of a user; a field that is absent is left alone."""

    user: UserId
    display_name: Line | None = None
    email: Email | None = Field(default=None, description="A new address counts as not verified.")
    roles: Roles | None = Field(default=None, description="Changing them ends the user's sessions.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class DisableUserInput(TenantInput):
    """Which user to disable."""

    user: UserId


class EnableUserInput(TenantInput):
    """Which user to enable."""

    user: UserId


class DeleteUserInput(TenantInput):
    """Which user to delete, for good."""

    user: UserId


class GetMeInput(TenantInput):
    """The caller."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field, JsonValue

from central.access import SystemPermissionName, TenantPermissionName
from central.images.models import PicturePublic
from central.kernel.ids import AuthConnectorId, ImageId, TenantId, UserId
from central.kernel.model import PatchInput, Resource, Response, TenantInput
from central.kernel.pages import Page, PageInput
from central.kernel.text import Email, Line, ShortLine
from central.kernel.unknown import UnknownValue
from central.roles.models import Roles, RoleSlug
from central.sessions.models import Impersonator
from central.users.fields import (
    Attributes,
    ExternalIds,
    Filter,
    Filters,
    JsonObject,
    Key,
    Locale,
    Tags,
    TimeZone,
    Value,
)
from central.users.initials import initials_path

UserState: TypeAlias = Literal["active", "disabled"]
UserSort: TypeAlias = Literal[
    "created_at",
    "-created_at",
    "display_name",
    "-display_name",
    "email",
    "-email",
    "last_sign_in_at",
    "-last_sign_in_at",
]


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
    external_ids: dict[str, str] = Field(default={}, description="What other systems call the person.")
    avatar: PicturePublic | None = Field(default=None, description="Null for none; `/initials/…` is for those.")

    @property
    def picture_path(self) -> str:
        """Where the person's picture is, below the server's address: the avatar, or their initials."""
        return self.avatar.path if self.avatar is not None else initials_path(self.display_name, self.id)


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
    impersonator: Impersonator | None = Field(default=None, description="Who acts in the person's name, if one does.")


class SetAvatarImageInput(TenantInput):
    """Whose picture it is, and which: one that is ready, and was handed over as an avatar."""

    user: UserId
    image: ImageId


class RemoveAvatarInput(TenantInput):
    """Who is to have no picture."""

    user: UserId


class CreateUserInput(TenantInput):
    """A new user. They sign in by any connector that leads to their address."""

    email: Email
    display_name: Line | None = Field(default=None, description="The part of the address before the @ when absent.")
    roles: Roles = ["member"]
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    external_ids: ExternalIds = Field(default={}, description='What other systems call the person: `{"hr": "4711"}`.')
    tags: Tags = {}
    attributes: Attributes = Field(default={}, description="As the tenant's schema of attributes allows.")


class GetUserInput(TenantInput):
    """Which user to get."""

    user: UserId


class GetUserByExternalIdInput(TenantInput):
    """Whom another system calls so."""

    source: Key
    value: Value


class GetManyUsersInput(TenantInput):
    """Which users to get, up to 100."""

    users: Annotated[list[UserId], Field(min_length=1, max_length=100)]


class GetManyUsersResponse(Page[User]):
    """Those of the users asked for that are there, in the order that they were asked for."""

    users: list[User]


class UserFilterInput(TenantInput):
    """Which users; all conditions must hold."""

    email: Email | None = Field(default=None, description="One of their addresses, the whole of it, without case.")
    external: Filter | None = Field(default=None, description="What another system calls them: `hr:4711`.")
    tag: Filters = Field(default=[], description="Tags that they have: `team:blue`.")
    attribute: Filters = Field(
        default=[], description="Attributes that they have: `department:Sales`, `floor:3`, `remote:true`."
    )
    connector: AuthConnectorId | None = Field(default=None, description="Who has signed in by this connector.")
    state: UserState | None = None
    role: RoleSlug | None = Field(default=None, description="Who holds this role now.")
    signed_in_after: AwareDatetime | None = Field(default=None, description="Who last signed in then or later.")
    signed_in_before: AwareDatetime | None = Field(default=None, description="Who last signed in before, or never did.")
    text: ShortLine | None = Field(default=None, description="Part of the name or the address, without case.")


class ListUsersInput(UserFilterInput, PageInput):
    """Which users to list, and in which order."""

    sort: UserSort = "created_at"


class ListUsersResponse(Page[User]):
    """One page of users."""

    users: list[User]


class CountUsersInput(UserFilterInput):
    """Which users to count."""


class CountUsersResponse(Response):
    """How many users there are."""

    count: int


class UpdateUserInput(PatchInput):
    """What to change of a user; a field that is absent is left alone, null clears the locale and the time zone."""

    clearable = frozenset({"locale", "time_zone"})

    user: UserId
    display_name: Line | None = None
    email: Email | None = Field(default=None, description="A new primary address; it counts as not verified.")
    roles: Roles | None = Field(default=None, description="Just these, without an end. It ends the user's sessions.")
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    attributes: Attributes | None = Field(
        default=None, description="Merged into those that are there (RFC 7396): null takes one away."
    )
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class UpdateMeInput(PatchInput):
    """What to change of oneself; a field that is absent is left alone, null clears the locale and the time zone."""

    clearable = frozenset({"locale", "time_zone"})

    display_name: Line | None = None
    locale: Locale | None = None
    time_zone: TimeZone | None = None


class SetTagsInput(TenantInput):
    """Which tags to give a user; those with other keys stay."""

    user: UserId
    tags: Tags


class RemoveTagsInput(TenantInput):
    """Which tags to take from a user; keys that they do not have are passed over."""

    user: UserId
    keys: Annotated[list[Key], Field(min_length=1, max_length=50)]


class SetExternalIdInput(TenantInput):
    """What a system calls a user, in the place of what it called them before."""

    user: UserId
    source: Key
    value: Value


class RemoveExternalIdInput(TenantInput):
    """Which system has no name for a user any more."""

    user: UserId
    source: Key


class MergeUsersInput(TenantInput):
    """Two users that are one person: `user` stays, and gets what `other` has; `other` is deleted."""

    user: UserId
    other: UserId
    dry_run: bool = Field(default=False, description="Say what would happen, and change nothing.")


class MergeUsersResponse(Response):
    """What a merge did, or would do."""

    user: User = Field(description="As it is now; after a dry run, as it was.")
    dry_run: bool
    moved_emails: list[str]
    moved_external_ids: dict[str, str]
    moved_roles: list[str]
    moved_tags: dict[str, str]
    moved_attributes: dict[str, JsonValue]
    moved_assignments: int = Field(description="How many assignments to units moved, past ones included.")
    moved_identities: int = Field(description="How many ways to sign in at providers moved.")
    ended_sessions: int
    lost: list[str] = Field(description="What `user` has already and `other` therefore loses, in words.")


class GetAttributeRulesInput(TenantInput):
    """The tenant's schema of attributes."""


class SetAttributeRulesInput(TenantInput):
    """A JSON Schema (2020-12) that the attributes of users must fit, from now on, whenever they are written."""

    json_schema: JsonObject = Field(description="An object schema; `{}` allows anything. References stay inside it.")
    expected_version: int | None = Field(default=None, ge=0, le=2**31 - 1)


class AttributeRules(Resource):
    """What attributes of users a tenant allows."""

    json_schema: dict[str, JsonValue]
    version: int = Field(description="Grows with every change; 0 while none was set.")
    updated_at: datetime | None = None


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


class GetMyPermissionsInput(TenantInput):
    """The caller."""


class GetMyPermissionsResponse(Response):
    """What the caller may do now, and by which roles."""

    roles: list[str]
    permissions: list[TenantPermissionName | UnknownValue]
    system_permissions: list[SystemPermissionName | UnknownValue]

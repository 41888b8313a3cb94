from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from central.images.models import PicturePublic
from central.kernel.ids import ImageId, TenantId
from central.kernel.model import Input, PatchInput, Resource, Response, TenantInput
from central.kernel.pages import Page, PageInput
from central.kernel.text import Email, HexColor, Line, ShortLine, Slug, TenantRef
from central.kernel.times import Duration, between
from central.kernel.unknown import UnknownValue

TenantState: TypeAlias = Literal["active", "suspended", "deleting"]
TenantSort: TypeAlias = Literal["created_at", "-created_at", "slug", "-slug"]


class Tenant(Resource):
    """A customer of yours: an island of users, connectors and sessions."""

    id: TenantId
    slug: str = Field(description="Its name in addresses; the current one of all it ever had.")
    name: str
    state: TenantState | UnknownValue = Field(
        description="In a tenant that is suspended, or to be deleted, nobody signs in and no session works."
    )
    delete_after: datetime | None = Field(
        default=None, description="Of one that is `deleting`: until then it can be restored, afterwards it goes."
    )
    accent_color: str | None = Field(default=None, description="Of buttons and links on the sign-in page: `#rrggbb`.")
    background_color: str | None = Field(default=None, description="Behind the sign-in page, but for dark screens.")
    logo: PicturePublic | None = Field(default=None, description="Shown on the sign-in page.")
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class TenantPublic(Resource):
    """What a sign-in page may show of a tenant to anyone."""

    id: TenantId
    slug: str
    name: str
    accent_color: str | None = Field(default=None, description="Of buttons and links on the sign-in page: `#rrggbb`.")
    background_color: str | None = Field(default=None, description="Behind the sign-in page, but for dark screens.")
    logo: PicturePublic | None = Field(default=None, description="Shown on the sign-in page.")


class CreateTenantInput(Input):
    """A new tenant with its first owner, who signs in with codes mailed to `owner_email`."""

    slug: Slug
    name: Line
    owner_email: Email
    owner_name: Line | None = Field(default=None, description="Shown instead of the address.")


class GetTenantPublicInput(TenantInput):
    """Which tenant to show."""


class GetTenantInput(TenantInput):
    """The caller's own tenant."""


class ListTenantsInput(PageInput):
    """Which tenants to list, and in which order."""

    state: TenantState | None = None
    text: ShortLine | None = Field(default=None, description="Part of the name or the slug, without case.")
    sort: TenantSort = "created_at"


class ListTenantsResponse(Page[Tenant]):
    """One page of tenants."""

    tenants: list[Tenant]


class RenameTenantInput(PatchInput):
    """New names; a field that is absent is left alone. Former slugs go on leading here, and to no other tenant."""

    name: Line | None = None
    slug: Slug | None = None
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class SetTenantBrandingInput(TenantInput):
    """How the tenant's sign-in page looks, as a whole: a colour that is absent is taken away.

    Any colours do: text on them is set in black or white, and links go back to their usual colour, where the contrast
    would fall below WCAG 2.2 level AA.
    """

    accent_color: HexColor | None = Field(default=None, description="Of buttons and links: `#rrggbb`.")
    background_color: HexColor | None = Field(default=None, description="Behind the page, but for dark screens.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class SetLogoImageInput(TenantInput):
    """Which picture is the logo: one that is ready, and was handed over as a logo."""

    image: ImageId


class RemoveLogoInput(TenantInput):
    """The caller's own tenant, which is to have no logo."""


class SuspendTenantInput(Input):
    """Which tenant to suspend."""

    tenant: TenantRef


class ReactivateTenantInput(Input):
    """Which tenant to reactivate."""

    tenant: TenantRef


SessionSpan: TypeAlias = Annotated[Duration, between(timedelta(minutes=5), timedelta(days=365))]
"""How long a session may live. The use of one is noted to the minute, so that less than five would be a lottery."""


class SessionLifetimes(Response):
    """How long sessions live: without use, and in any case; those of whoever may change things, and of the others."""

    member_idle_timeout: timedelta
    member_lifetime: timedelta
    admin_idle_timeout: timedelta
    admin_lifetime: timedelta


class SessionPolicy(Resource):
    """How long sessions live in a tenant."""

    tenant_id: TenantId
    member_idle_timeout: timedelta | None = Field(
        default=None, description="Without use, for whoever can only read. Null: as the server has it; so below."
    )
    member_lifetime: timedelta | None = Field(default=None, description="In any case.")
    admin_idle_timeout: timedelta | None = Field(
        default=None, description="Without use, for whoever may change anything but themselves."
    )
    admin_lifetime: timedelta | None = Field(default=None, description="In any case.")
    server: SessionLifetimes = Field(description="The longest that the server allows.")
    effective: SessionLifetimes = Field(description="What counts: the shorter of the two.")
    version: int = Field(description="That of the tenant.")


class GetSessionPolicyInput(TenantInput):
    """The caller's own tenant."""


class UpdateSessionPolicyInput(PatchInput):
    """New lifetimes, from five minutes to what the server allows; null lets the server's count again."""

    clearable: ClassVar[frozenset[str]] = frozenset(
        {"member_idle_timeout", "member_lifetime", "admin_idle_timeout", "admin_lifetime"}
    )

    member_idle_timeout: SessionSpan | None = Field(default=None, description="Without use, for who can only read.")
    member_lifetime: SessionSpan | None = Field(default=None, description="In any case, for who can only read.")
    admin_idle_timeout: SessionSpan | None = Field(default=None, description="Without use, for everybody else.")
    admin_lifetime: SessionSpan | None = Field(default=None, description="In any case, for everybody else.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from central.kernel.ids import TenantId
from central.kernel.model import Input, PatchInput, Resource, TenantInput
from central.kernel.pages import Page, PageInput
from central.kernel.text import Email, Line, ShortLine, Slug, TenantRef
from central.kernel.unknown import UnknownValue

TenantState: TypeAlias = Literal["active", "suspended"]
TenantSort: TypeAlias = Literal["created_at", "-created_at", "slug", "-slug"]


class Tenant(Resource):
    """A customer of yours: an island of users, connectors and sessions."""

    id: TenantId
    slug: str = Field(description="Its name in addresses; the current one of all it ever had.")
    name: str
    state: TenantState | UnknownValue = Field(description="In a suspended tenant nobody signs in and no session works.")
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class TenantPublic(Resource):
    """What a sign-in page may show of a tenant to anyone."""

    id: TenantId
    slug: str
    name: str


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


class SuspendTenantInput(Input):
    """Which tenant to suspend."""

    tenant: TenantRef


class ReactivateTenantInput(Input):
    """Which tenant to reactivate."""

    tenant: TenantRef

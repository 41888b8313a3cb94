from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from central.kernel.ids import TenantDeletionId, TenantId, UserId
from central.kernel.model import Input, Output, Resource, TenantInput
from central.kernel.pages import Page, PageInput
from central.kernel.text import Slug, TenantRef
from central.kernel.unknown import UnknownValue

TenantDeletionState: TypeAlias = Literal["scheduled", "deleting", "deleted", "restored"]


class Removed(Output):
    """How much of one kind went."""

    kind: str = Field(description="The table of the database, or `objects` for files.")
    count: int


class TenantDeletion(Resource):
    """The deletion of a tenant: while it waits, while it is done, and the receipt of what went.

    It is no part of the tenant and stays when that has gone. It holds nothing personal.
    """

    id: TenantDeletionId
    tenant_id: TenantId
    slug: str = Field(description="What the tenant was called; no other tenant ever gets it.")
    state: TenantDeletionState | UnknownValue = Field(
        description="`scheduled` can be restored; `deleting` goes on until nothing is left; `deleted` and `restored` "
        "are ends."
    )
    requested_at: datetime
    requested_by: UserId | None = Field(default=None, description="The owner of the tenant, or the operator.")
    by_operator: bool = Field(description="Whether an operator asked for it, and no owner.")
    delete_after: datetime = Field(description="Until then it can be restored.")
    restored_at: datetime | None = None
    restored_by: UserId | None = None
    started_at: datetime | None = None
    stage: str | None = Field(default=None, description="What is being removed, or was last.")
    done: int = Field(description="How much of all kinds has gone so far.")
    removed: list[Removed] = Field(description="The same by kind.")
    ended_at: datetime | None = Field(default=None, description="When nothing was left.")


class DeleteTenantInput(Input):
    """Which tenant to delete."""

    tenant: TenantRef
    confirm: Slug = Field(description="The tenant's present slug, once more: nobody deletes one by a slip.")


class DeleteOwnTenantInput(TenantInput):
    """The caller's own tenant."""

    confirm: Slug = Field(description="The tenant's present slug: nobody deletes one by a slip.")


class RestoreTenantInput(Input):
    """Which tenant not to delete."""

    tenant: TenantRef


class ListTenantDeletionsInput(PageInput):
    """Which deletions of tenants to list, newest first."""

    state: TenantDeletionState | None = None


class ListTenantDeletionsResponse(Page[TenantDeletion]):
    """One page of deletions of tenants."""

    tenant_deletions: list[TenantDeletion]


class GetTenantDeletionInput(Input):
    """Which deletion of a tenant to get."""

    deletion: TenantDeletionId

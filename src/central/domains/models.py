from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from central.kernel.ids import AuthConnectorId, DomainId
from central.kernel.model import Output, PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import DomainName
from central.kernel.unknown import UnknownValue

DomainState: TypeAlias = Literal["pending", "verified", "failing", "lapsed"]
DomainCheckOutcome: TypeAlias = Literal[
    "proven", "no_such_name", "no_record", "other_records", "too_large", "server_failure", "timed_out"
]


class TxtRecord(Output):
    """A TXT record of the DNS."""

    name: str = Field(description="Where to publish it.")
    value: str = Field(description="What it says; it may stand beside other records of that name.")


class DomainCheck(Output):
    """What the last look for a domain's proof found."""

    outcome: DomainCheckOutcome | UnknownValue = Field(
        description="`server_failure` and `timed_out` say nothing about the domain, and change nothing."
    )
    message: str = Field(description="The same for people, with what was found instead.")


class Domain(Resource):
    """A tenant's claim of a domain. It counts for nothing until it is verified, and keeps nobody else from it."""

    id: DomainId
    name: str = Field(description="Lower case, in ASCII (A-labels, RFC 5890).")
    state: DomainState | UnknownValue = Field(
        description="`verified` and `failing` count: such a domain routes, links and provisions. `failing` lasts for "
        "the grace period after the proof has gone, then the domain is `lapsed`."
    )
    include_subdomains: bool = Field(
        description="Whether it counts for all names below it, too, but for those that have a nearer verified domain."
    )
    connector_id: AuthConnectorId | None = Field(description="Where the domain's people are sent to sign in.")
    txt_record: TxtRecord = Field(description="The proof to publish and to keep; the same for as long as the claim.")
    verified_at: datetime | None = Field(default=None, description="Since when it is verified; null when it is not.")
    failing_since: datetime | None = None
    checked_at: datetime | None = None
    last_check: DomainCheck | None = None
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class CreateDomainInput(TenantInput):
    """A domain to claim. Any tenant may claim it; the one that publishes the proof has it."""

    name: DomainName = Field(description="Such as `example.com`; international names may be written as people do.")
    include_subdomains: bool = False
    connector: AuthConnectorId | None = Field(
        default=None, description="Where the domain's people are sent to sign in; absent: they choose."
    )


class ListDomainsInput(TenantPageInput):
    """All domains of the tenant, oldest first."""


class ListDomainsResponse(Page[Domain]):
    """One page of a tenant's domains."""

    domains: list[Domain]


class GetDomainInput(TenantInput):
    """Which domain to get."""

    domain: DomainId


class UpdateDomainInput(PatchInput):
    """What to change of a domain; a field that is absent is left alone. Its name and its proof never change."""

    clearable: ClassVar[frozenset[str]] = frozenset({"connector"})

    domain: DomainId
    include_subdomains: bool | None = None
    connector: AuthConnectorId | None = Field(default=None, description="Null: the domain's people choose.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class VerifyDomainInput(TenantInput):
    """Whose proof to look for now."""

    domain: DomainId


class DeleteDomainInput(TenantInput):
    """Which domain to give up."""

    domain: DomainId

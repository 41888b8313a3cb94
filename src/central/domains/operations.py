from types import NoneType

from central.access import TenantPermission
from central.domains.models import (
    CreateDomainInput,
    DeleteDomainInput,
    Domain,
    GetDomainInput,
    ListDomainsInput,
    ListDomainsResponse,
    UpdateDomainInput,
    VerifyDomainInput,
)
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation

CREATE_DOMAIN = Operation(
    "domains.create",
    "POST",
    "/v1/tenants/{tenant}/domains",
    CreateDomainInput,
    Domain,
    access=TenantPermission("domains:write"),
    summary="Claim a domain",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="The answer says which TXT record to publish. A claim is worth nothing until it is verified, and "
    "keeps no other tenant from the domain. A tenant has up to 100 that are not verified, or `too_many_claims`.",
)
LIST_DOMAINS = Operation(
    "domains.list",
    "GET",
    "/v1/tenants/{tenant}/domains",
    ListDomainsInput,
    ListDomainsResponse,
    access=TenantPermission("domains:read"),
    summary="List domains, oldest first",
    errors=(NotFoundError,),
)
GET_DOMAIN = Operation(
    "domains.get",
    "GET",
    "/v1/tenants/{tenant}/domains/{domain}",
    GetDomainInput,
    Domain,
    access=TenantPermission("domains:read"),
    summary="Get a domain",
    errors=(NotFoundError,),
)
UPDATE_DOMAIN = Operation(
    "domains.update",
    "PATCH",
    "/v1/tenants/{tenant}/domains/{domain}",
    UpdateDomainInput,
    Domain,
    access=TenantPermission("domains:write"),
    summary="Change where a domain's people sign in, and whether it counts for its subdomains",
    errors=(NotFoundError, ConflictError),
)
VERIFY_DOMAIN = Operation(
    "domains.verify",
    "POST",
    "/v1/tenants/{tenant}/domains/{domain}/verify",
    VerifyDomainInput,
    Domain,
    access=TenantPermission("domains:write"),
    rate="look_up",
    summary="Look for a domain's proof in the DNS now",
    errors=(NotFoundError, ConflictError),
    description="The answer is the domain, verified or not; `lastCheck` says what was found. A domain that another "
    "tenant has verified is a conflict, `domain_verified_elsewhere`. Verified domains are looked for again every day.",
)
DELETE_DOMAIN = Operation(
    "domains.delete",
    "DELETE",
    "/v1/tenants/{tenant}/domains/{domain}",
    DeleteDomainInput,
    NoneType,
    access=TenantPermission("domains:write"),
    summary="Give up a domain: it counts no more at once, and another tenant may verify it",
    errors=(NotFoundError,),
    status=204,
)

OPERATIONS = (CREATE_DOMAIN, LIST_DOMAINS, GET_DOMAIN, UPDATE_DOMAIN, VERIFY_DOMAIN, DELETE_DOMAIN)

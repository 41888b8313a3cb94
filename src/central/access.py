"""Who may call an operation, and how often: declared with it, checked by the server's binding, shown in the docs."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

TenantPermissionName: TypeAlias = Literal[
    "users:read",
    "users:write",
    "users:impersonate",
    "roles:read",
    "roles:write",
    "units:read",
    "units:write",
    "invitations:read",
    "invitations:write",
    "sessions:read",
    "sessions:write",
    "auth-connectors:read",
    "auth-connectors:write",
    "domains:read",
    "domains:write",
    "events:read",
    "jobs:read",
    "jobs:write",
    "webhooks:read",
    "webhooks:write",
    "tenant:write",
    "tenant:delete",
]
SystemPermissionName: TypeAlias = Literal["tenants:create", "tenants:read", "tenants:write", "tenants:delete"]
UnitPlace: TypeAlias = Literal["at", "below", "above"]
Impersonation: TypeAlias = Literal["reading", "allowed", "refused"]

TENANT_PERMISSIONS: tuple[TenantPermissionName, ...] = get_args(TenantPermissionName)
SYSTEM_PERMISSIONS: tuple[SystemPermissionName, ...] = get_args(SystemPermissionName)


@dataclass(frozen=True, slots=True)
class AuthenticationScheme:
    """A way to say who calls; `name` is its key in the OpenAPI document."""

    name: str
    kind: Literal["cookie"]
    description: str


TENANT_USER_COOKIE = AuthenticationScheme(
    "TenantUserCookie",
    "cookie",
    "The opaque session cookie of a tenant's user: `__Host-central_session`, over plain http in development "
    "`central_session`.",
)


@dataclass(frozen=True, slots=True)
class Anyone:
    """No sign-in is needed."""

    schemes: tuple[AuthenticationScheme, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Any user of the tenant, about themselves.

    With `fresh` they must have signed in within the last ten minutes. `impersonation` says whether somebody may do
    it who acts in their name: `reading` lets them where nothing changes. What must be fresh they never may.
    """

    schemes: tuple[AuthenticationScheme, ...] = (TENANT_USER_COOKIE,)
    fresh: bool = field(default=False, kw_only=True)
    impersonation: Impersonation = field(default="reading", kw_only=True)


@dataclass(frozen=True, slots=True)
class TenantPermission:
    """A user of the tenant who holds the permission by one of their roles; the rest is as for `SignedIn`."""

    permission: TenantPermissionName
    schemes: tuple[AuthenticationScheme, ...] = (TENANT_USER_COOKIE,)
    fresh: bool = field(default=False, kw_only=True)
    impersonation: Impersonation = field(default="reading", kw_only=True)


@dataclass(frozen=True, slots=True)
class UnitPermission(TenantPermission):
    """As `TenantPermission`, or who holds the permission in a unit, by a role that they have there now.

    `where` says of fields of the input which unit each is about: a change of a unit itself, which a role in it allows,
    or in one above if it reaches the subtree (`at`); of what stands below it, which such a role alone allows, in it or
    above (`below`); or of where it stands, which takes such a role in a unit above it (`above`). All must be allowed.
    A field that names an assignment is about the assignment's unit.
    """

    where: tuple[tuple[str, UnitPlace], ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class SystemPermission:
    """An operator: a user of any tenant who was granted the permission for the whole system.

    `fresh` is as for `SignedIn`; nobody does it in another's name.
    """

    permission: SystemPermissionName
    schemes: tuple[AuthenticationScheme, ...] = (TENANT_USER_COOKIE,)
    fresh: bool = field(default=False, kw_only=True)
    impersonation: Literal["refused"] = field(default="refused", init=False)


Access: TypeAlias = Anyone | SignedIn | TenantPermission | SystemPermission

RateClass: TypeAlias = Literal["signed_in", "look_up", "open", "picture", "sign_in", "code", "unlimited"]
"""As what a request counts against rate limits: one of a user and their tenant; one that has the server ask others in
their name; of an address; a picture, of which a page shows many; the beginning or the return of a sign-in; a try of a
code, of which only failures count; or nothing, as probes."""

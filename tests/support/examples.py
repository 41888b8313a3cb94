"""One valid request for every operation of the catalog; an operation without one fails the tests made from these."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from pydantic.alias_generators import to_camel

from central.access import Anyone
from central.catalog import CATALOG
from central.kernel.ids import AuthConnectorId, SessionId, SignInId, TenantId, UserId
from central.kernel.operation import AnyOperation
from support.place import Place

Fields = dict[str, Any]


@dataclass(frozen=True)
class Things:
    """What requests name: a tenant, by id or slug, and one thing of each kind in it."""

    tenant: str
    user: str
    session: str
    connector: str
    sign_in: str
    role: str

    @classmethod
    async def of(cls, place: Place) -> Self:
        """Make one thing of each kind in a tenant."""
        user = await place.user("member")
        await place.sign_in(user)
        sessions = await place.owner.sessions.list(user=user.id).first_page()
        connectors = await place.owner.auth_connectors.list().first_page()
        role = await place.owner.roles.create(slug=f"role-{secrets.token_hex(4)}", name="Role", permissions=[])
        started = await place.anonymous().auth.start_email_code(email=user.email)
        session, connector = sessions.items[0].id, connectors.items[0].id
        return cls(place.tenant.id, user.id, session, connector, started.sign_in, role.slug)

    @classmethod
    def absent(cls) -> Self:
        """Name things that never were."""
        return cls(TenantId.new(), UserId.new(), SessionId.new(), AuthConnectorId.new(), SignInId.new(), "no-role")

    def inside(self, tenant: str) -> Self:
        """Name the same things, as if they were another tenant's."""
        return replace(self, tenant=tenant)


def _tenant(things: Things) -> Fields:
    return {"tenant": things.tenant}


def _user(things: Things) -> Fields:
    return {**_tenant(things), "user": things.user}


def _role(things: Things) -> Fields:
    return {**_tenant(things), "role": things.role}


def _session(things: Things) -> Fields:
    return {**_user(things), "session": things.session}


def _connector(things: Things) -> Fields:
    return {**_tenant(things), "connector": things.connector}


EXAMPLES: dict[str, Callable[[Things], Fields]] = {
    "tenants.create": lambda _: {"slug": "an-example", "name": "Example", "owner_email": "o@example.com"},
    "tenants.list": lambda _: {"limit": 3},
    "tenants.get_public": _tenant,
    "tenants.get": _tenant,
    "tenants.rename": lambda things: {**_tenant(things), "name": "Renamed"},
    "tenants.suspend": _tenant,
    "tenants.reactivate": _tenant,
    "users.me": _tenant,
    "users.create": lambda things: {**_tenant(things), "email": "example@example.com"},
    "users.list": lambda things: {**_tenant(things), "limit": 3},
    "users.get": _user,
    "users.update": lambda things: {**_user(things), "display_name": "Renamed"},
    "users.disable": _user,
    "users.enable": _user,
    "users.delete": _user,
    "roles.create": lambda things: {**_tenant(things), "slug": "example", "name": "Example", "permissions": []},
    "roles.list": _tenant,
    "roles.get": _role,
    "roles.update": lambda things: {**_role(things), "name": "Renamed"},
    "roles.delete": _role,
    "auth_connectors.create": lambda things: {
        **_tenant(things),
        "name": "Example",
        "settings": {"kind": "email_code"},
    },
    "auth_connectors.list": _tenant,
    "auth_connectors.list_public": _tenant,
    "auth_connectors.get": _connector,
    "auth_connectors.update": lambda things: {**_connector(things), "name": "Renamed"},
    "auth_connectors.disable": _connector,
    "auth_connectors.enable": _connector,
    "auth_connectors.delete": _connector,
    "auth.start_email_code": lambda things: {**_tenant(things), "email": "example@example.com"},
    "auth.verify_email_code": lambda things: {**_tenant(things), "sign_in": things.sign_in, "code": "000000"},
    "auth.start_oidc": _connector,
    "auth.sign_out": _tenant,
    "sessions.list_mine": _tenant,
    "sessions.revoke_mine": lambda things: {**_tenant(things), "session": things.session},
    "sessions.revoke_all_mine": _tenant,
    "sessions.list": _user,
    "sessions.revoke": _session,
    "sessions.revoke_all": _user,
}

UNSAFE = tuple(operation for operation in CATALOG if operation.method != "GET")
CLOSED = tuple(operation for operation in CATALOG if not isinstance(operation.access, Anyone))


def names(operation: AnyOperation) -> str:
    """Name a case after its operation."""
    return operation.name


@dataclass(frozen=True)
class Example:
    """A request, ready to be sent."""

    method: str
    target: str
    body: bytes | None

    @classmethod
    def of(cls, operation: AnyOperation, things: Things, **changes: Any) -> Self:
        """Write an operation's example about these things; `changes` replace fields, also by wrong ones."""
        fields = {**EXAMPLES[operation.name](things), **changes}
        path = operation.path
        for name in operation.path_names:
            path = path.replace(f"{{{name}}}", quote(str(fields.pop(name)), safe=""))
        wire = {to_camel(name): value for name, value in fields.items()}
        if operation.sends_body:
            return cls(operation.method, path, json.dumps(wire).encode())
        return cls(operation.method, f"{path}?{urlencode(wire, doseq=True)}" if wire else path, None)

    def headers(self) -> dict[str, str]:
        """Give the headers that the body needs."""
        return {} if self.body is None else {"content-type": "application/json"}

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
from central.kernel.ids import (
    AuthConnectorId,
    DomainId,
    EmailVerificationId,
    SessionId,
    SignInId,
    TenantId,
    UserEmailId,
    UserId,
)
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
    domain: str
    sign_in: str
    role: str
    email: str
    verification: str
    other_user: str
    external_id: str

    @classmethod
    async def of(cls, place: Place) -> Self:
        """Make one thing of each kind in a tenant."""
        user = await place.user("member")
        await place.sign_in(user)
        sessions = await place.owner.sessions.list(user=user.id).first_page()
        connectors = await place.owner.auth_connectors.list().first_page()
        domain = await place.owner.domains.create(name=place.domain)
        role = await place.owner.roles.create(slug=f"role-{secrets.token_hex(4)}", name="Role", permissions=[])
        started = await place.anonymous().auth.start_email_code(email=user.email)
        session, connector = sessions.items[0].id, connectors.items[0].id
        email = await place.owner.emails.add(user=user.id, email=f"{secrets.token_hex(6)}@more.example")
        client = await place.sign_in(user)
        verification = (await client.emails.start_verification(email=email.id)).verification
        other = await place.user("member")
        external_id = secrets.token_hex(4)
        await place.owner.users.set_external_id(user=user.id, source="hr", value=external_id)
        return cls(
            tenant=place.tenant.id,
            user=user.id,
            session=session,
            connector=connector,
            domain=domain.id,
            sign_in=started.sign_in,
            role=role.slug,
            email=email.id,
            verification=verification,
            other_user=other.id,
            external_id=external_id,
        )

    @classmethod
    def absent(cls) -> Self:
        """Name things that never were."""
        return cls(
            tenant=TenantId.new(),
            user=UserId.new(),
            session=SessionId.new(),
            connector=AuthConnectorId.new(),
            domain=DomainId.new(),
            sign_in=SignInId.new(),
            role="no-role",
            email=UserEmailId.new(),
            verification=EmailVerificationId.new(),
            other_user=UserId.new(),
            external_id="nobody",
        )

    def inside(self, tenant: str) -> Self:
        """Name the same things, as if they were another tenant's."""
        return replace(self, tenant=tenant)


def _tenant(things: Things) -> Fields:
    return {"tenant": things.tenant}


def _user(things: Things) -> Fields:
    return {**_tenant(things), "user": things.user}


def _role(things: Things) -> Fields:
    return {**_tenant(things), "role": things.role}


def _email(things: Things) -> Fields:
    return {**_user(things), "email": things.email}


def _session(things: Things) -> Fields:
    return {**_user(things), "session": things.session}


def _connector(things: Things) -> Fields:
    return {**_tenant(things), "connector": things.connector}


def _domain(things: Things) -> Fields:
    return {**_tenant(things), "domain": things.domain}


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
    "users.update_me": lambda things: {**_tenant(things), "display_name": "Renamed"},
    "users.my_permissions": _tenant,
    "users.get_by_external_id": lambda things: {**_tenant(things), "source": "hr", "value": things.external_id},
    "users.get_many": lambda things: {**_tenant(things), "users": [things.user]},
    "users.count": _tenant,
    "users.set_tags": lambda things: {**_user(things), "tags": {"team": "blue"}},
    "users.remove_tags": lambda things: {**_user(things), "keys": ["team"]},
    "users.set_external_id": lambda things: {**_user(things), "source": "crm", "value": things.user},
    "users.remove_external_id": lambda things: {**_user(things), "source": "crm"},
    "users.merge": lambda things: {**_user(things), "other": things.other_user, "dry_run": True},
    "users.get_attribute_rules": _tenant,
    "users.set_attribute_rules": lambda things: {**_tenant(things), "json_schema": {"type": "object"}},
    "emails.list": _user,
    "emails.add": lambda things: {**_user(things), "email": f"{things.user}@more.example"},
    "emails.make_primary": _email,
    "emails.remove": _email,
    "emails.list_mine": _tenant,
    "emails.add_mine": lambda things: {**_tenant(things), "email": f"mine.{things.user}@more.example"},
    "emails.start_verification": lambda things: {**_tenant(things), "email": things.email},
    "emails.verify": lambda things: {**_tenant(things), "verification": things.verification, "code": "000000"},
    "emails.make_mine_primary": lambda things: {**_tenant(things), "email": things.email},
    "emails.remove_mine": lambda things: {**_tenant(things), "email": things.email},
    "roles.list_grants": _user,
    "roles.grant": lambda things: {**_user(things), "role": things.role},
    "roles.revoke": lambda things: {**_user(things), "role": "member"},
    "explain.access": lambda things: {**_user(things), "operation": "users.create"},
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
    "domains.create": lambda things: {**_connector(things), "name": "example.example"},
    "domains.list": _tenant,
    "domains.get": _domain,
    "domains.update": lambda things: {**_domain(things), "connector": things.connector},
    "domains.verify": _domain,
    "domains.delete": _domain,
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

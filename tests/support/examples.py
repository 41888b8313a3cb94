"""One valid request for every operation of the catalog; an operation without one fails the tests made from these."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from pydantic.alias_generators import to_camel

from central.access import Anyone
from central.auth_connectors.models import AuthConnector
from central.catalog import CATALOG
from central.kernel.ids import (
    AuthConnectorId,
    ClientSecretId,
    ConnectorTestId,
    DomainId,
    EmailChangeId,
    EmailVerificationId,
    EventId,
    IdentityId,
    ImageId,
    InvitationId,
    JobId,
    RichId,
    RoleId,
    SessionId,
    SignInId,
    TenantDeletionId,
    TenantId,
    UnitAssignmentId,
    UnitId,
    UserEmailId,
    UserId,
    WebhookDeliveryId,
    WebhookEndpointId,
    WebhookSecretId,
)
from central.kernel.operation import AnyOperation
from central.units.models import Unit
from central.users.models import User
from support.asgi import Header
from support.database import superuser
from support.picturing import ready
from support.place import Place
from support.provider import Provider
from support.raw import Raw
from support.signing_in import connect_provider

Fields = dict[str, Any]
BINDING: Header = ("cookie", f"central_signin={'b' * 43}")
"""The cookie of the browser that every `sign_in` was begun in: whoever sends it is only refused for other reasons."""


@dataclass(frozen=True)
class Things:
    """What requests name: a tenant, by id or slug, and one thing of each kind of id in it.

    A new kind of id needs a field here, a real one in `of` and an absent one in `absent`; so does what is named by
    other text, which also goes into `NAMES` of `support.places_of_ids`. What only its owner may touch is the tenant's
    owner's and called `own_…`.
    """

    tenant: str
    user: str
    session: str
    own_session: str
    connector: str
    secret: str
    test: str
    domain: str
    sign_in: str
    role: str
    held_role: str
    role_id: str
    email: str
    own_email: str
    own_verification: str
    email_change: str
    other_user: str
    external_id: str
    identity: str
    event: str
    invitation: str
    token: str
    user_code: str
    device_code: str
    job: str
    image: str
    logo: str
    endpoint: str
    signing_secret: str
    delivery: str
    deletion: str
    unit: str
    upper_unit: str
    unit_code: str
    assignment: str
    planned: str
    unit_import: str
    assignment_import: str

    @classmethod
    async def of(cls, place: Place, provider: Provider | None = None) -> Self:
        """Make one thing of each kind in a tenant, and so many that every list has a second page.

        The connector is one for the provider if there is one, else the tenant's first.
        """
        role, held = [await place.owner.roles.create(slug=_slug(), name="Role", permissions=[]) for _ in range(2)]
        user = await place.user("member", held.slug)
        for _ in range(2):
            await place.sign_in(user)
        sessions = await place.owner.sessions.list(user=user.id).first_page()
        own = await place.stack.session_of(place.tenant.id, place.owner_user.id)
        own_sessions = await place.stack.client(place.tenant.id, own).sessions.list_mine().first_page()
        connectors = await place.owner.auth_connectors.list().first_page()
        connector = connectors.items[0] if provider is None else await connect_provider(place, provider)
        await place.stack.session_of(place.tenant.id, user.id, connector.id)
        secret, test = await _secret_and_test(place, connector)
        domain, _ = [await place.owner.domains.create(name=f"{secrets.token_hex(4)}.{place.domain}") for _ in range(2)]
        tool = await place.anonymous().auth.start_device(application="Example")
        email = await place.owner.emails.add(user=user.id, email=f"{secrets.token_hex(6)}@more.example")
        own_email = await place.owner.emails.add_mine(email=f"{secrets.token_hex(6)}@more.example")
        verification = await place.owner.emails.start_verification(email=own_email.id)
        other = await place.user("member")
        await place.owner.users.update(user=other.id, email=place.address())
        external_id = secrets.token_hex(4)
        await place.owner.users.set_external_id(user=user.id, source="hr", value=external_id)
        # Of somebody who has to sign in first: accepting changes nothing yet, however often it is tried.
        invited = await place.owner.invitations.create(email=user.email, send=False)
        await place.owner.invitations.create(email=place.address(), send=False)
        token = (invited.link or "").rpartition("/")[2]
        endpoint, delivery = await _webhook(place)
        upper, unit = await _units(place)
        unit_import = await place.owner.units.start_import()
        rows = [{"code": secrets.token_hex(4), "name": "Imported"}]
        await place.owner.units.add_import_rows(job=unit_import.id, chunk=0, rows=rows)
        assignment_import = await place.owner.units.start_assignment_import()
        rows = [{"unit": unit.id, "user": user.id}]
        await place.owner.units.add_assignment_import_rows(job=assignment_import.id, chunk=0, rows=rows)
        return cls(
            tenant=place.tenant.id,
            user=user.id,
            session=sessions.items[0].id,
            own_session=next(session.id for session in own_sessions.items if session.current),
            connector=connector.id,
            secret=secret,
            test=test,
            domain=domain.id,
            sign_in=await _sign_in(place, user.email),
            role=role.slug,
            held_role=held.slug,
            role_id=role.id,
            email=email.id,
            own_email=own_email.id,
            own_verification=verification.verification,
            email_change=EmailChangeId.from_uuid(await _stored(place, "email_changes")),
            other_user=other.id,
            external_id=external_id,
            identity=await _identity(place, user.id, connector.id),
            event=EventId.from_uuid(await _event(place)),
            invitation=invited.invitation.id,
            token=token,
            user_code=tool.user_code,
            device_code=tool.device_code,
            job=await _job(place),
            image=await ready(place, "avatar"),
            logo=await ready(place, "logo"),
            endpoint=endpoint,
            signing_secret=WebhookSecretId.from_uuid(await _stored(place, "webhook_secrets")),
            delivery=delivery,
            deletion=await _deletion(place),
            unit=unit.id,
            upper_unit=upper.id,
            unit_code=unit.code or "",
            unit_import=unit_import.id,
            assignment_import=assignment_import.id,
            assignment=await _assignment(place, unit, user, held.slug),
            planned=await _assignment(place, unit, user, held.slug, days=9),
        )

    @classmethod
    def absent(cls) -> Self:
        """Name things that never were."""
        return cls(
            tenant=TenantId.new(),
            user=UserId.new(),
            session=SessionId.new(),
            own_session=SessionId.new(),
            connector=AuthConnectorId.new(),
            secret=ClientSecretId.new(),
            test=ConnectorTestId.new(),
            domain=DomainId.new(),
            sign_in=SignInId.new(),
            role=_slug(),
            held_role=_slug(),
            role_id=RoleId.new(),
            email=UserEmailId.new(),
            own_email=UserEmailId.new(),
            own_verification=EmailVerificationId.new(),
            email_change=EmailChangeId.new(),
            other_user=UserId.new(),
            external_id=secrets.token_hex(4),
            identity=IdentityId.new(),
            event=EventId.new(),
            invitation=InvitationId.new(),
            token=secrets.token_urlsafe(32),
            user_code="BBBB-BBBB",
            device_code=secrets.token_urlsafe(32),
            job=JobId.new(),
            image=ImageId.new(),
            logo=ImageId.new(),
            endpoint=WebhookEndpointId.new(),
            signing_secret=WebhookSecretId.new(),
            delivery=WebhookDeliveryId.new(),
            deletion=TenantDeletionId.new(),
            unit=UnitId.new(),
            upper_unit=UnitId.new(),
            unit_code=secrets.token_hex(4),
            assignment=UnitAssignmentId.new(),
            planned=UnitAssignmentId.new(),
            unit_import=JobId.new(),
            assignment_import=JobId.new(),
        )

    @property
    def external_ref(self) -> str:
        """The external id as filters name it."""
        return f"hr:{self.external_id}"

    def inside(self, tenant: str) -> Self:
        """Name the same things, as if they were another tenant's."""
        return replace(self, tenant=tenant)

    def of_kind(self, kind: type[RichId] | tuple[str, ...]) -> Sequence[str]:
        """Give the ids of one kind, or the names in these fields."""
        if isinstance(kind, tuple):
            return [getattr(self, name) for name in kind]
        ids = [getattr(self, field.name) for field in fields(self)]
        return [id for id in ids if id.startswith(f"{kind.prefix}-")]


def _slug() -> str:
    return f"role-{secrets.token_hex(4)}"


async def _sign_in(place: Place, email: str) -> str:
    """Ask for a code in the browser that has `BINDING`."""
    path = f"/v1/tenants/{place.tenant.id}/auth/email-code/start"
    reply = await Raw(place.stack).send("POST", path, {"email": email}, BINDING)
    return reply.json()["signIn"]


async def _identity(place: Place, user: UserId, connector: AuthConnectorId) -> str:
    """Make somebody of a provider, of whom a user has signed in."""
    id = IdentityId.new()
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject)"
            " VALUES ($1, $2, $3, $4, 'https://idp.example', $5)",
            place.tenant.id.uuid,
            id.uuid,
            user.uuid,
            connector.uuid,
            str(uuid4()),
        )
    return id


async def _secret_and_test(place: Place, connector: AuthConnector) -> tuple[str, str]:
    """Give a connector a second secret and a test; absent ones for one that mails codes."""
    if connector.kind == "email_code":
        return ClientSecretId.new(), ConnectorTestId.new()
    second = await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="s3cret:/+ %é")
    return second.client_secrets[0].id, (await place.owner.auth_connectors.start_test(connector=connector.id)).test.id


async def _event(place: Place) -> UUID:
    """Put everything that happened into the feed, as a relay would, and give the id of one event."""
    query = (
        "UPDATE outbox SET position = nextval('central.outbox_positions')"
        " WHERE tenant_id = $1 AND position IS NULL RETURNING id"
    )
    async with superuser(place.stack) as connection:
        found: UUID = await connection.fetchval(query, place.tenant.id.uuid)
    return found


async def _job(place: Place) -> str:
    """Start two imports, of which the first has its rows, and say that something is wrong with two of them."""
    job, _ = [await place.owner.users.start_import() for _ in range(2)]
    rows = [{"email": f"{secrets.token_hex(6)}@import.example"} for _ in range(2)]
    await place.owner.users.add_import_rows(job=job.id, chunk=0, rows=rows)
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO job_row_errors (tenant_id, job_id, row_number, place, field, code, message)"
            " SELECT $1, $2, number, 1, 'email', 'repeated', 'An earlier row says the same'"
            " FROM generate_series(1, 2) number",
            place.tenant.id.uuid,
            job.id.uuid,
        )
    return job.id


async def _webhook(place: Place) -> tuple[str, str]:
    """Make two endpoints, and two deliveries to the first, one of them after an attempt."""
    url = "https://hooks.example/central"
    made, _ = [await place.owner.webhooks.create_endpoint(url=url, enabled=False) for _ in range(2)]
    await place.owner.webhooks.enable_endpoint(endpoint=made.endpoint.id)
    delivery, _ = [await place.owner.webhooks.ping(endpoint=made.endpoint.id) for _ in range(2)]
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms, status, answer)"
            " VALUES ($1, $2, 1, now(), 7, 200, 'thanks')",
            place.tenant.id.uuid,
            delivery.id.uuid,
        )
    return made.endpoint.id, delivery.id


async def _deletion(place: Place) -> str:
    """Write down that the tenant was to be deleted twice, and restored."""
    deletion, other = TenantDeletionId.new(), TenantDeletionId.new()
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO tenant_deletions (id, tenant_id, slug, state, state_before, by_operator, delete_after)"
            " SELECT id, $1, $2, 'restored', 'active', true, now() FROM unnest($3::uuid[]) AS made (id)",
            place.tenant.id.uuid,
            place.tenant.slug,
            [deletion.uuid, other.uuid],
        )
    return deletion


async def _units(place: Place) -> tuple[Unit, Unit]:
    """Make a unit, and one below it that has been renamed once."""
    upper = await place.owner.units.create(name=f"Upper {place.tenant.slug}")
    unit = await place.owner.units.create(name="Lower", parent=upper.id, code=secrets.token_hex(4))
    return upper, await place.owner.units.update(unit=unit.id, name=f"Renamed {place.tenant.slug}")


async def _assignment(place: Place, unit: Unit, user: User, role: str, *, days: int = 0) -> str:
    """Assign somebody to a unit for a day, at once or in so many."""
    begins = datetime.now(UTC) + timedelta(days=days)
    assign = place.owner.units.assign
    return (await assign(unit=unit.id, user=user.id, role=role, starts_at=begins, ends_at=begins + timedelta(1))).id


async def _stored(place: Place, table: str) -> UUID:
    """Find the id of something that is there already."""
    query = f"SELECT id FROM {table} WHERE tenant_id = $1 LIMIT 1"
    async with superuser(place.stack) as connection:
        found: UUID = await connection.fetchval(query, place.tenant.id.uuid)
    return found


def _tenant(things: Things) -> Fields:
    return {"tenant": things.tenant}


def _user(things: Things) -> Fields:
    return {**_tenant(things), "user": things.user}


def _unit(things: Things) -> Fields:
    return {**_tenant(things), "unit": things.unit}


def _assigned(things: Things) -> Fields:
    return {**_tenant(things), "assignment": things.assignment}


def _image_of(things: Things) -> Fields:
    return {**_tenant(things), "image": things.image}


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


def _invitation(things: Things) -> Fields:
    return {**_tenant(things), "invitation": things.invitation}


def _job_of(things: Things) -> Fields:
    return {**_tenant(things), "job": things.job}


def _endpoint(things: Things) -> Fields:
    return {**_tenant(things), "endpoint": things.endpoint}


def _delivery(things: Things) -> Fields:
    return {**_tenant(things), "delivery": things.delivery}


def _token(things: Things) -> Fields:
    return {**_tenant(things), "token": things.token}


def _user_code(things: Things) -> Fields:
    return {**_tenant(things), "user_code": things.user_code}


EXAMPLES: dict[str, Callable[[Things], Fields]] = {
    "tenants.create": lambda _: {"slug": "an-example", "name": "Example", "owner_email": "o@example.com"},
    "tenants.list": lambda _: {"limit": 3},
    "tenants.get_public": _tenant,
    "tenants.get": _tenant,
    "tenants.rename": lambda things: {**_tenant(things), "name": "Renamed"},
    "tenants.set_branding": lambda things: {**_tenant(things), "accent_color": "#336699"},
    "tenants.suspend": _tenant,
    "tenants.reactivate": _tenant,
    # Not confirmed: a tenant that goes is no example for the tests that come after.
    "tenants.delete": lambda things: {**_tenant(things), "confirm": "another-slug"},
    "tenants.delete_own": lambda things: {**_tenant(things), "confirm": "another-slug"},
    "tenants.restore": _tenant,
    "tenants.start_archive": _tenant,
    "tenants.start_import": lambda _: {"slug": "an-example"},
    "tenants.add_import_part": lambda things: {"job": things.job, "part": 1, "content": "UEsF"},
    "tenants.run_import": lambda things: {"job": things.job},
    "tenants.list_deletions": lambda _: {"limit": 3},
    "tenants.get_deletion": lambda things: {"deletion": things.deletion},
    "tenants.get_session_policy": _tenant,
    "tenants.update_session_policy": lambda things: {**_tenant(things), "member_idle_timeout": "PT8H"},
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
    "emails.start_verification": lambda things: {**_tenant(things), "email": things.own_email},
    "emails.verify": lambda things: {**_tenant(things), "verification": things.own_verification, "code": "000000"},
    "emails.make_mine_primary": lambda things: {**_tenant(things), "email": things.own_email},
    "emails.remove_mine": lambda things: {**_tenant(things), "email": things.own_email},
    "roles.list_grants": _user,
    "roles.grant": lambda things: {**_user(things), "role": things.role},
    "roles.revoke": lambda things: {**_user(things), "role": "member"},
    "explain.access": lambda things: {**_user(things), "operation": "users.create"},
    "users.impersonate": lambda things: {**_user(things), "reason": "An example"},
    "roles.create": lambda things: {**_tenant(things), "slug": "example", "name": "Example", "permissions": []},
    "roles.list": _tenant,
    "roles.get": _role,
    "roles.update": lambda things: {**_role(things), "name": "Renamed"},
    "roles.delete": _role,
    "units.create": lambda things: {**_tenant(things), "name": "Example", "parent": things.upper_unit},
    "units.list": _tenant,
    "units.get": _unit,
    "units.get_by_code": lambda things: {**_tenant(things), "code": things.unit_code},
    "units.list_ancestors": _unit,
    "units.get_path": lambda things: {**_unit(things), "to": things.upper_unit},
    "units.update": lambda things: {**_unit(things), "name": "Changed"},
    "units.move": _unit,
    "units.reorder": _unit,
    "units.archive": _unit,
    "units.restore": _unit,
    "units.delete": lambda things: {**_unit(things), "cascade": True},
    "units.list_history": _unit,
    "units.as_of": _tenant,
    "units.start_import": _tenant,
    "units.add_import_rows": lambda things: {
        **_tenant(things),
        "job": things.unit_import,
        "chunk": 1,
        "rows": [{"code": "example", "name": "Example"}],
    },
    "units.run_import": lambda things: {**_tenant(things), "job": things.unit_import},
    "units.start_export": _tenant,
    "units.start_assignment_import": _tenant,
    "units.add_assignment_import_rows": lambda things: {
        **_tenant(things),
        "job": things.assignment_import,
        "chunk": 1,
        "rows": [{"unit": things.unit, "user": things.user}],
    },
    "units.run_assignment_import": lambda things: {**_tenant(things), "job": things.assignment_import},
    "units.start_assignment_export": _tenant,
    "units.assign": lambda things: {**_unit(things), "user": things.other_user},
    "units.list_assignments": _tenant,
    "units.get_assignment": _assigned,
    "units.update_assignment": lambda things: {**_assigned(things), "role": things.role},
    "units.end_assignment": _assigned,
    "units.remove_assignment": lambda things: {**_tenant(things), "assignment": things.planned},
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
    "auth_connectors.add_secret": lambda things: {**_connector(things), "client_secret": "another"},
    "auth_connectors.remove_secret": lambda things: {**_connector(things), "secret": things.secret},
    "auth_connectors.start_test": _connector,
    "auth_connectors.get_test": lambda things: {**_connector(things), "test": things.test},
    "auth_connectors.check": _connector,
    "identities.list_mine": _tenant,
    "identities.list": _user,
    "identities.unlink": lambda things: {**_user(things), "identity": things.identity},
    "domains.create": lambda things: {**_connector(things), "name": "example.example"},
    "domains.list": _tenant,
    "domains.get": _domain,
    "domains.update": lambda things: {**_domain(things), "connector": things.connector},
    "domains.verify": _domain,
    "domains.delete": _domain,
    "auth.start_email_code": lambda things: {**_tenant(things), "email": "example@example.com"},
    "auth.verify_email_code": lambda things: {**_tenant(things), "sign_in": things.sign_in, "code": "000000"},
    "auth.start_provider": _connector,
    "auth.sign_out": _tenant,
    "auth.start_device": lambda things: {**_tenant(things), "application": "Example"},
    "auth.poll_device": lambda things: {**_tenant(things), "device_code": things.device_code},
    "auth.get_device": _user_code,
    "auth.approve_device": _user_code,
    "auth.deny_device": _user_code,
    "auth.start_loopback": lambda things: {
        **_tenant(things),
        "application": "Example",
        "redirect_uri": "http://127.0.0.1:49152/callback",
        "state": "s" * 22,
        "code_challenge": "c" * 43,
    },
    "auth.exchange_loopback_code": lambda things: {
        **_tenant(things),
        "code": "c" * 43,
        "code_verifier": "v" * 43,
        "redirect_uri": "http://127.0.0.1:49152/callback",
    },
    "sessions.list_mine": _tenant,
    "sessions.revoke_mine": lambda things: {**_tenant(things), "session": things.own_session},
    "sessions.revoke_all_mine": _tenant,
    "sessions.list": _user,
    "sessions.revoke": _session,
    "sessions.revoke_all": _user,
    "sessions.search": lambda things: {**_tenant(things), "limit": 3},
    "sessions.revoke_matching": lambda things: {**_tenant(things), "user": things.user},
    "invitations.create": lambda things: {**_tenant(things), "email": "example@example.com", "message": "Hello."},
    "invitations.create_many": lambda things: {
        **_tenant(things),
        # One that is refused for itself: what stands behind it is judged all the same.
        "items": [{"email": "nobody"}, {"email": "example@example.com"}],
    },
    "invitations.list": lambda things: {**_tenant(things), "state": "pending"},
    "invitations.get": _invitation,
    "invitations.resend": _invitation,
    "invitations.revoke": _invitation,
    "invitations.get_public": _token,
    "invitations.accept": _token,
    "events.list": lambda things: {**_tenant(things), "limit": 3},
    "events.read": lambda things: {**_tenant(things), "limit": 3},
    "events.acknowledge": lambda things: {**_tenant(things), "consumer": "example", "event": things.event},
    "users.start_import": lambda things: {**_tenant(things), "dry_run": True},
    "users.add_import_rows": lambda things: {
        **_job_of(things),
        "chunk": 1,
        "rows": [{"email": "example@import.example"}],
    },
    "users.run_import": _job_of,
    "users.start_export": lambda things: {**_tenant(things), "format": "ndjson"},
    "events.start_export": lambda things: {**_tenant(things), "format": "ndjson"},
    "events.get_retention": _tenant,
    "events.set_retention": lambda things: {**_tenant(things), "days": 365},
    "sessions.start_revocation": lambda things: {**_tenant(things), "user": things.user},
    "jobs.list": lambda things: {**_tenant(things), "kind": "user_import"},
    "jobs.get": _job_of,
    "jobs.cancel": _job_of,
    "jobs.list_row_errors": _job_of,
    "users.set_avatar_image": lambda things: {**_user(things), "image": things.image},
    "users.remove_avatar": _user,
    "tenants.set_logo_image": lambda things: {**_tenant(things), "image": things.logo},
    "tenants.remove_logo": _tenant,
    "images.create_upload": lambda things: {
        **_tenant(things),
        "usage": "avatar",
        "content_type": "image/png",
        "size": 70,
    },
    "images.complete_upload": _image_of,
    "images.get": _image_of,
    "images.list": _tenant,
    "images.delete": _image_of,
    "webhooks.create_endpoint": lambda things: {**_tenant(things), "url": "https://hooks.example/central"},
    "webhooks.list_endpoints": _tenant,
    "webhooks.get_endpoint": _endpoint,
    "webhooks.update_endpoint": lambda things: {**_endpoint(things), "description": "Renamed"},
    "webhooks.enable_endpoint": _endpoint,
    "webhooks.disable_endpoint": _endpoint,
    "webhooks.delete_endpoint": _endpoint,
    "webhooks.rotate_secret": _endpoint,
    "webhooks.ping": _endpoint,
    "webhooks.list_deliveries": _tenant,
    "webhooks.get_delivery": _delivery,
    "webhooks.redeliver": _delivery,
    "webhooks.redeliver_failed": lambda things: {**_endpoint(things), "since": "2026-01-01T00:00:00Z"},
}

# Further requests, for places that the first example does not reach: the other arms of a union, what is optional.
_GROUPS = {"groupClaim": "groups", "groupRoles": [{"group": "staff", "role": "member"}], "defaultRoles": ["member"]}
MORE_EXAMPLES: dict[str, tuple[Callable[[Things], Fields], ...]] = {
    "auth_connectors.create": (
        lambda things: {
            **_tenant(things),
            "name": "With groups",
            "settings": {
                "kind": "oauth2",
                "authorizationEndpoint": "https://idp.example/authorize",
                "tokenEndpoint": "https://idp.example/token",
                "userEndpoint": "https://idp.example/user",
                "clientId": "example",
            },
            "provisioning": _GROUPS,
        },
    ),
    "auth_connectors.update": (lambda things: {**_connector(things), "provisioning": _GROUPS},),
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
        return cls.of_fields(operation, {**EXAMPLES[operation.name](things), **changes})

    @classmethod
    def of_fields(cls, operation: AnyOperation, given: Fields) -> Self:
        """Write a request with these fields."""
        fields = dict(given)
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

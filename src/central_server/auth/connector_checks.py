from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from central.auth_connectors.checks import (
    AuthConnectorCheck,
    CheckAuthConnectorInput,
    CheckFinding,
    CheckState,
    CheckSubject,
    FailedSignIn,
)
from central.errors import NotFoundError
from central_server.auth.queries import identities as queries
from central_server.auth.tables import DBFailedSignIn
from central_server.auth_connectors.client_secrets import WARNED_DAYS, ClientSecrets
from central_server.auth_connectors.mapping import MAIL, callback_address, is_tested
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector, DBClientSecret
from central_server.domains.service import DomainService
from central_server.infra.actor import Actor
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.oidc import OidcError, discovery_url, fetch_keys, fetch_provider
from central_server.infra.outbound import OutboundClient, OutboundError
from central_server.roles.service import RoleService

_FAILED = 20
_MOST_SKEW = 60


class ConnectorChecks:
    """Looks whether a connector works: asks its provider now, and what has gone wrong by it lately."""

    def __init__(
        self,
        db: Database,
        auth_connectors: AuthConnectorService,
        secrets: ClientSecrets,
        domains: DomainService,
        roles: RoleService,
        outbound: OutboundClient,
        settings: Settings,
    ) -> None:
        self.db = db
        self.auth_connectors = auth_connectors
        self.secrets = secrets
        self.domains = domains
        self.roles = roles
        self.outbound = outbound
        self.public_url = settings.public_url

    async def check(self, input: CheckAuthConnectorInput, actor: Actor) -> AuthConnectorCheck:
        """Look at everything; what cannot be had is a finding, not an error."""
        reader = self.db.read(actor.tenant_id)
        connector = await self.auth_connectors.get_auth_connector_by_id(actor.tenant_id, input.connector, reader)
        if connector is None:
            raise NotFoundError.of("auth connector")
        which = {"tenant_id": actor.tenant_id, "connector_id": input.connector}
        seen = await reader.first(queries.GET_CLAIMS_SEEN, **which)
        failed = await reader.all(
            queries.LIST_FAILED_SIGN_INS, tenant_id=actor.tenant_id, connector=str(input.connector), count=_FAILED
        )
        findings, skew = await self._findings(connector)
        is_mail = connector["kind"] == MAIL
        return AuthConnectorCheck(
            connector_id=input.connector,
            healthy=all(finding.state != "failed" for finding in findings),
            findings=findings,
            redirect_uri=None if is_mail else callback_address(self.public_url, actor.tenant_id, input.connector),
            clock_skew_seconds=skew,
            claims=[] if seen is None else seen["claim_names"],
            claims_seen_at=None if seen is None else seen["seen_at"],
            failed_sign_ins=[_failed_from(row) for row in failed],
        )

    async def _findings(self, connector: DBAuthConnector) -> tuple[list[CheckFinding], int | None]:
        findings, skew = [_enabled(connector)], None
        if connector["kind"] == "oidc":
            findings += await self._of_openid(connector)
            skew = await self._skew(connector)
            findings += _clock(skew)
        if connector["kind"] == "oauth2":
            findings.append(self._endpoints(connector))
        if connector["kind"] != MAIL:
            held = await self.secrets.list_of(connector["tenant_id"], [connector["id"]])
            findings += [
                *_secrets(held),
                _test(connector),
                *await self._domains(connector),
                *await self._roles(connector),
            ]
        return findings, skew

    async def _of_openid(self, connector: DBAuthConnector) -> list[CheckFinding]:
        """Ask the provider who it is and by which keys it signs, past everything that is kept of it."""
        found: list[CheckFinding] = []
        try:
            provider = await fetch_provider(self.outbound, connector["settings"]["issuer"])
            found.append(_finding("discovery", "ok", "The discovery document can be read."))
            found.append(_finding("issuer", "ok", "It names the same issuer as the connector."))
            await fetch_keys(self.outbound, provider)
        except OidcError as error:
            subject: CheckSubject = "discovery"
            if found:
                subject = "keys"
            elif error.reason == "issuer_mismatch":
                subject = "issuer"
            return [*found, _finding(subject, "failed", error.message, error.reason)]
        return [*found, _finding("keys", "ok", "Its keys can be read, and verify ID tokens.")]

    async def _skew(self, connector: DBAuthConnector) -> int | None:
        """Give by how many seconds the provider's clock is ahead, if it tells the time with its discovery document."""
        try:
            answer = await self.outbound.request("GET", discovery_url(connector["settings"]["issuer"]))
            told = parsedate_to_datetime(answer.headers["date"])
        except (OutboundError, KeyError, ValueError):
            return None
        return round((told - datetime.now(UTC)).total_seconds())

    def _endpoints(self, connector: DBAuthConnector) -> CheckFinding:
        names = ("authorization_endpoint", "token_endpoint", "user_endpoint", "emails_endpoint")
        for name in names:
            try:
                if (url := connector["settings"][name]) is not None:
                    self.outbound.check_url(url)
            except OutboundError as error:
                return _finding("endpoints", "failed", f"{name}: {error}", error.reason)
        return _finding("endpoints", "ok", "The endpoints may be called; only a test sign-in shows what they answer.")

    async def _domains(self, connector: DBAuthConnector) -> list[CheckFinding]:
        """Name the domains that count for nothing, since the tenant has not verified them."""
        named = sorted({*connector["settings"]["trusted_domains"], *connector["allowed_domains"]})
        reader = self.db.read(connector["tenant_id"])
        lacking = [
            name
            for name in named
            if not await self.domains.is_verified_for(connector["tenant_id"], f"a@{name}", reader)
        ]
        if lacking:
            detail = f"Not verified, so nobody comes in by them: {', '.join(lacking)}."
            return [_finding("domains", "warning", detail, "domain_not_verified")]
        return [_finding("domains", "ok", "Every domain that it names is verified.")] if named else []

    async def _roles(self, connector: DBAuthConnector) -> list[CheckFinding]:
        named = {*connector["default_roles"], *(each["role"] for each in connector["group_roles"])}
        reader = self.db.read(connector["tenant_id"])
        gone = [
            role
            for role in sorted(named)
            if await self.roles.get_role_by_slug(connector["tenant_id"], role, reader) is None
        ]
        if not gone:
            return []
        return [_finding("roles", "warning", f"There are no such roles any more: {', '.join(gone)}.", "unknown_role")]


def _finding(subject: CheckSubject, state: CheckState, detail: str, problem: str | None = None) -> CheckFinding:
    return CheckFinding(subject=subject, state=state, detail=detail, problem=problem)


def _enabled(connector: DBAuthConnector) -> CheckFinding:
    if connector["enabled"]:
        return _finding("enabled", "ok", "It is offered to sign in by.")
    return _finding("enabled", "warning", "It is disabled: nobody signs in by it.", "connector_disabled")


def _test(connector: DBAuthConnector) -> CheckFinding:
    if is_tested(connector):
        return _finding("test", "ok", "A test sign-in has succeeded with the settings of now.")
    return _finding("test", "warning", "No test sign-in has succeeded with the settings of now.", "connector_untested")


def _clock(skew: int | None) -> list[CheckFinding]:
    if skew is None:
        return []
    if abs(skew) <= _MOST_SKEW:
        return [_finding("clock", "ok", f"The provider's clock is {abs(skew)} s from this server's.")]
    way = "ahead of" if skew > 0 else "behind"
    detail = f"The provider's clock is {abs(skew)} s {way} this server's; ID tokens may be refused for their times."
    return [_finding("clock", "failed", detail, "clock_skew")]


def _secrets(held: Sequence[DBClientSecret]) -> list[CheckFinding]:
    """Say of the secret that lasts longest when it ends: while there is one more, nothing stops."""
    ends = [secret["expires_at"] for secret in held]
    known = [end for end in ends if end is not None]
    if not held or len(known) < len(ends):
        return [_finding("client_secret", "ok", "No end of the client secret is known.")] if held else []
    left = max(known) - datetime.now(UTC)
    if left <= timedelta(0):
        return [_finding("client_secret", "failed", "The client secret has expired; add a new one.", "secret_expired")]
    if left <= timedelta(days=max(WARNED_DAYS)):
        detail = f"The client secret expires in {left.days} days; add a new one."
        return [_finding("client_secret", "warning", detail, "secret_expiring")]
    return [_finding("client_secret", "ok", f"The client secret is good for {left.days} days.")]


def _failed_from(row: DBFailedSignIn) -> FailedSignIn:
    told: dict[str, Any] = row["payload"]
    return FailedSignIn.model_validate(
        {
            "at": row["created_at"],
            "reason": told["reason"],
            "fault": told.get("fault"),
            "sign_in_id": told.get("signInId"),
            "request_id": told.get("requestId"),
        }
    )

"""What support is asked every day: whether a connector works, and if not, why."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field

from central.auth.events import SignInFailure, SignInFault
from central.kernel.ids import AuthConnectorId, SignInId
from central.kernel.model import Output, Response, TenantInput
from central.kernel.unknown import UnknownValue

CheckSubject: TypeAlias = Literal[
    "enabled", "discovery", "issuer", "keys", "endpoints", "clock", "client_secret", "test", "domains", "roles"
]
CheckState: TypeAlias = Literal["ok", "warning", "failed"]


class CheckAuthConnectorInput(TenantInput):
    """Which connector to check."""

    connector: AuthConnectorId


class CheckFinding(Output):
    """One thing that was looked at."""

    subject: CheckSubject | UnknownValue
    state: CheckState | UnknownValue
    detail: str = Field(description="What was found, and what to do about it, for people.")
    problem: str | None = Field(default=None, description="A stable word for what is wrong, if something is.")


class FailedSignIn(Output):
    """A sign-in by a connector that was refused."""

    at: datetime
    reason: SignInFailure | UnknownValue
    fault: SignInFault | UnknownValue | None = None
    sign_in_id: SignInId | None = None
    request_id: str | None = None


class AuthConnectorCheck(Response):
    """What was found out about a connector just now, and what has gone wrong by it lately."""

    connector_id: AuthConnectorId
    healthy: bool = Field(description="Whether nothing has failed.")
    findings: list[CheckFinding]
    redirect_uri: str | None = Field(default=None, description="The callback address to register with the provider.")
    clock_skew_seconds: int | None = Field(
        default=None, description="By how much the provider's clock is ahead of this server's, if it tells the time."
    )
    claims: list[str] = Field(default=[], description="The names of what the provider told at the last sign-in.")
    claims_seen_at: datetime | None = None
    failed_sign_ins: list[FailedSignIn] = Field(description="The last twenty, newest first.")

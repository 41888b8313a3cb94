"""Sign-ins that only try a connector: nobody is signed in by them, and nobody made."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue

from central.auth.events import SignInFailure, SignInFault
from central.kernel.ids import AuthConnectorId, ConnectorTestId, UserId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.unknown import UnknownValue

ConnectorTestState: TypeAlias = Literal["pending", "succeeded", "failed", "expired"]
ConnectorTestOutcome: TypeAlias = Literal["known", "link", "create", "refuse"]


class ConnectorTest(Resource):
    """A sign-in that only tries a connector, and what came of it.

    It succeeds when the provider's answer is one that can be trusted, whoever it is about. `outcome` is what a sign-in
    of that person would have done.
    """

    id: ConnectorTestId
    connector_id: AuthConnectorId
    state: ConnectorTestState | UnknownValue
    started_by: UserId | None = None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    reason: SignInFailure | UnknownValue | None = Field(default=None, description="Why it failed.")
    fault: SignInFault | UnknownValue | None = Field(default=None, description="What exactly was wrong, if it failed.")
    subject: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    display_name: str | None = None
    claims: list[str] = Field(default=[], description="The names of all that the provider told, without the values.")
    attributes: dict[str, JsonValue] = Field(default={}, description="What the connector's `attributes` would keep.")
    groups: list[str] = Field(default=[], description="The person's groups, if a `groupClaim` is set.")
    roles: list[str] = Field(default=[], description="The roles that these groups would give.")
    outcome: ConnectorTestOutcome | UnknownValue | None = None
    outcome_reason: SignInFailure | UnknownValue | None = Field(
        default=None, description="Why that person would be refused, if they would."
    )


class StartConnectorTestInput(TenantInput):
    """Which connector to try, enabled or not."""

    connector: AuthConnectorId


class StartConnectorTestResponse(Response):
    """A test that waits for its browser."""

    test: ConnectorTest
    link: str = Field(repr=False, description="Where to go with a browser within ten minutes; shown this once.")


class GetConnectorTestInput(TenantInput):
    """Which test of which connector to get."""

    connector: AuthConnectorId
    test: ConnectorTestId

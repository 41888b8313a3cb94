from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.ids import AuthConnectorId, UserId
from central.kernel.model import TenantInput
from central.kernel.text import Network
from central.kernel.times import Moment
from central.roles.models import RoleSlug


class StartSessionRevocationInput(TenantInput):
    """Which of a tenant's live sessions to end: those for which all that is given holds."""

    user: UserId | None = None
    role: RoleSlug | None = Field(default=None, description="Of whoever holds this role when the batch is ended.")
    connector: AuthConnectorId | None = Field(default=None, description="By which it signed in.")
    address: Network | None = Field(default=None, description="From which it signed in: an address or a network.")
    created_before: Moment | None = Field(
        default=None, description="This moment excluded; those that begin after the job never are among them."
    )
    everybody: bool = Field(default=False, description="Must be true where nothing else is given.")
    include_own: bool = Field(default=False, description="Whether the caller's own sessions may be among them.")
    dry_run: bool = Field(default=False, description="Only count them.")

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        given = (self.user, self.role, self.connector, self.address, self.created_before)
        if all(one is None for one in given) != self.everybody:
            raise PydanticCustomError(
                "everybody", "Give `everybody` as true where nothing else says whose sessions, and only there"
            )
        return self

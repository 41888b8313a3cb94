from datetime import timedelta
from typing import Annotated

from pydantic import Field

from central.kernel.ids import UserId
from central.kernel.model import Response, TenantInput
from central.kernel.text import Line
from central.kernel.times import Duration, between
from central.sessions.models import Session
from central.users.models import User


class ImpersonateUserInput(TenantInput):
    """In whose name to act, why, and for how long."""

    user: UserId
    reason: Line = Field(description="The user reads it among their sessions.")
    duration: Annotated[Duration, between(timedelta(minutes=1), timedelta(hours=1))] = Field(
        default=timedelta(minutes=30), description="One hour at most; it ends sooner when it is not used."
    )


class ImpersonateUserResponse(Response):
    """In whose name the session acts that is in the answer's cookie."""

    user: User
    session: Session

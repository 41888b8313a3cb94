from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from central.kernel.ids import EmailVerificationId, UserEmailId, UserId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Email

Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]
"""The six digits of a mailed code."""


class UserEmail(Resource):
    """An address of a user."""

    id: UserEmailId
    user_id: UserId
    email: str
    primary: bool = Field(description="Whether it is the one that the user is known by; exactly one always is.")
    verified: bool = Field(description="Whether the person has shown that it is theirs.")
    created_at: datetime
    verified_at: datetime | None = None


class ListUserEmailsInput(TenantPageInput):
    """Whose addresses to list, oldest first."""

    user: UserId


class ListUserEmailsResponse(Page[UserEmail]):
    """All addresses of a user."""

    user_emails: list[UserEmail]


class AddUserEmailInput(TenantInput):
    """A further address for a user, not verified."""

    user: UserId
    email: Email


class MakeUserEmailPrimaryInput(TenantInput):
    """By which of their addresses a user is to be known."""

    user: UserId
    email: UserEmailId


class RemoveUserEmailInput(TenantInput):
    """Which address to take from a user; not the primary one."""

    user: UserId
    email: UserEmailId


class ListMyEmailsInput(TenantPageInput):
    """The caller's own addresses, oldest first."""


class ListMyEmailsResponse(Page[UserEmail]):
    """All of the caller's own addresses."""

    user_emails: list[UserEmail]


class AddMyEmailInput(TenantInput):
    """A further address of the caller's own, to be verified by a mailed code."""

    email: Email


class StartEmailVerificationInput(TenantInput):
    """To which of the caller's own addresses to mail a code."""

    email: UserEmailId


class StartEmailVerificationResponse(Response):
    """A verification that waits for its code."""

    verification: EmailVerificationId
    expires_at: datetime


class VerifyMyEmailInput(TenantInput):
    """The code that was mailed."""

    verification: EmailVerificationId
    code: Code


class MakeMyEmailPrimaryInput(TenantInput):
    """By which of their verified addresses the caller wants to be known."""

    email: UserEmailId


class RemoveMyEmailInput(TenantInput):
    """Which of the caller's own addresses to remove; not the primary one."""

    email: UserEmailId

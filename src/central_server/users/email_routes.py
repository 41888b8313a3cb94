from central.emails.models import (
    AddMyEmailInput,
    AddUserEmailInput,
    ListMyEmailsInput,
    ListMyEmailsResponse,
    ListUserEmailsInput,
    ListUserEmailsResponse,
    MakeMyEmailPrimaryInput,
    MakeUserEmailPrimaryInput,
    RemoveMyEmailInput,
    RemoveUserEmailInput,
    StartEmailVerificationInput,
    StartEmailVerificationResponse,
    UserEmail,
    VerifyMyEmailInput,
)
from central.emails.operations import (
    ADD_MY_EMAIL,
    ADD_USER_EMAIL,
    LIST_MY_EMAILS,
    LIST_USER_EMAILS,
    MAKE_MY_EMAIL_PRIMARY,
    MAKE_USER_EMAIL_PRIMARY,
    REMOVE_MY_EMAIL,
    REMOVE_USER_EMAIL,
    START_EMAIL_VERIFICATION,
    VERIFY_MY_EMAIL,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.users.emails import UserEmails
from central_server.users.verifications import EmailVerifications


class UserEmailRoutes:
    """Serves the operations on addresses."""

    def __init__(self, emails: UserEmails, verifications: EmailVerifications) -> None:
        self.emails = emails
        self.verifications = verifications

    @handles(LIST_USER_EMAILS)
    async def list(self, input: ListUserEmailsInput, actor: Actor) -> ListUserEmailsResponse:
        return await self.emails.list(input, actor)

    @handles(ADD_USER_EMAIL)
    async def add(self, input: AddUserEmailInput, actor: Actor) -> UserEmail:
        return await self.emails.TX_add(input, actor)

    @handles(MAKE_USER_EMAIL_PRIMARY)
    async def make_primary(self, input: MakeUserEmailPrimaryInput, actor: Actor) -> UserEmail:
        return await self.emails.TX_make_primary(input, actor)

    @handles(REMOVE_USER_EMAIL)
    async def remove(self, input: RemoveUserEmailInput, actor: Actor) -> None:
        await self.emails.TX_remove(input, actor)

    @handles(LIST_MY_EMAILS)
    async def list_mine(self, input: ListMyEmailsInput, actor: Actor) -> ListMyEmailsResponse:
        return await self.emails.list_mine(input, actor)

    @handles(ADD_MY_EMAIL)
    async def add_mine(self, input: AddMyEmailInput, actor: Actor) -> UserEmail:
        return await self.emails.TX_add_mine(input, actor)

    @handles(START_EMAIL_VERIFICATION)
    async def start_verification(
        self, input: StartEmailVerificationInput, actor: Actor
    ) -> StartEmailVerificationResponse:
        return await self.verifications.TX_start(input, actor)

    @handles(VERIFY_MY_EMAIL)
    async def verify(self, input: VerifyMyEmailInput, actor: Actor) -> UserEmail:
        return await self.verifications.TX_verify(input, actor)

    @handles(MAKE_MY_EMAIL_PRIMARY)
    async def make_mine_primary(self, input: MakeMyEmailPrimaryInput, actor: Actor) -> UserEmail:
        return await self.emails.TX_make_mine_primary(input, actor)

    @handles(REMOVE_MY_EMAIL)
    async def remove_mine(self, input: RemoveMyEmailInput, actor: Actor) -> None:
        await self.emails.TX_remove_mine(input, actor)

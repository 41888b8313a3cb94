from central.auth.models import (
    SignedInPrivate,
    SignOutInput,
    StartEmailCodeSignInInput,
    StartEmailCodeSignInResponse,
    StartProviderSignInInput,
    StartProviderSignInResponse,
    VerifyEmailCodeInput,
)
from central.auth.operations import (
    PROVIDER_CALLBACK,
    PROVIDER_START,
    SIGN_OUT,
    START_EMAIL_CODE_SIGN_IN,
    START_PROVIDER_SIGN_IN,
    VERIFY_EMAIL_CODE,
)
from central.users.impersonation import ImpersonateUserInput, ImpersonateUserResponse
from central.users.operations import IMPERSONATE_USER
from central_server.auth.codes import EmailCodes
from central_server.auth.impersonation import Impersonations
from central_server.auth.provider_answers import callback_query
from central_server.auth.provider_sign_in import ProviderSignIn, start_input
from central_server.infra.actor import Actor, Caller
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.handles import handles, serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.sessions.service import SessionService


class AuthRoutes:
    """Serves signing in and out, and acting in another's name."""

    def __init__(
        self,
        codes: EmailCodes,
        providers: ProviderSignIn,
        impersonations: Impersonations,
        sessions: SessionService,
        cookies: CookieNames,
    ) -> None:
        self.codes = codes
        self.providers = providers
        self.impersonations = impersonations
        self.sessions = sessions
        self.cookies = cookies

    @handles(START_EMAIL_CODE_SIGN_IN)
    async def start_email_code(self, input: StartEmailCodeSignInInput, caller: Caller) -> StartEmailCodeSignInResponse:
        return await self.codes.TX_start(input, caller)

    @handles(VERIFY_EMAIL_CODE)
    async def verify_email_code(self, input: VerifyEmailCodeInput, caller: Caller) -> SignedInPrivate:
        return await self.codes.TX_verify(input, caller)

    @handles(START_PROVIDER_SIGN_IN)
    async def start_provider(self, input: StartProviderSignInInput, caller: Caller) -> StartProviderSignInResponse:
        return await self.providers.TX_start(input, caller)

    @handles(SIGN_OUT)
    async def sign_out(self, input: SignOutInput, actor: Actor) -> None:
        await self.sessions.TX_sign_out(actor)
        actor.cookies.clear(self.cookies.session)

    @handles(IMPERSONATE_USER)
    async def impersonate(self, input: ImpersonateUserInput, actor: Actor) -> ImpersonateUserResponse:
        return await self.impersonations.TX_impersonate(input, actor)

    @serves(PROVIDER_START)
    async def provider_start(self, request: BrowserRequest) -> BrowserResponse:
        started = await self.providers.TX_start(start_input(request.path, request.query), request.caller)
        return redirect(started.authorization_url)

    @serves(PROVIDER_CALLBACK)
    async def provider_callback(self, request: BrowserRequest) -> BrowserResponse:
        tenant, connector = request.path["tenant"], request.path["connector"]
        return redirect(
            await self.providers.TX_finish(tenant, connector, callback_query(request.query), request.caller)
        )

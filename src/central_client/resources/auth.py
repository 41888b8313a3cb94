from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, overload

from central.auth import operations
from central.auth.models import SignedInPrivate, StartEmailCodeSignInResponse
from central.tool_sign_ins import operations as tools
from central_client.call import IO, Async, Call, Resource, Sync
from central_client.resources.users import Users
from central_client.sign_in import EmailCodePlans, email_code_sign_in, email_code_sign_in_again


class Auth(Resource[IO]):
    """Signing in and out."""

    start_email_code = Call(operations.START_EMAIL_CODE_SIGN_IN)
    verify_email_code = Call(operations.VERIFY_EMAIL_CODE)
    start_provider = Call(operations.START_PROVIDER_SIGN_IN)
    sign_out = Call(operations.SIGN_OUT)
    start_device = Call(tools.START_DEVICE_SIGN_IN)
    poll_device = Call(tools.POLL_DEVICE_SIGN_IN)
    get_device = Call(tools.GET_DEVICE_SIGN_IN)
    approve_device = Call(tools.APPROVE_DEVICE_SIGN_IN)
    deny_device = Call(tools.DENY_DEVICE_SIGN_IN)
    start_loopback = Call(tools.START_LOOPBACK_SIGN_IN)
    exchange_loopback_code = Call(tools.EXCHANGE_LOOPBACK_CODE)

    @overload
    def sign_in_with_email_code(
        self: "Auth[Sync]",
        *,
        email: str,
        code: Callable[[StartEmailCodeSignInResponse], str],
        tenant: str | None = None,
    ) -> SignedInPrivate: ...
    @overload
    def sign_in_with_email_code(
        self: "Auth[Async]",
        *,
        email: str,
        code: Callable[[StartEmailCodeSignInResponse], str | Awaitable[str]],
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, SignedInPrivate]: ...
    def sign_in_with_email_code(
        self,
        *,
        email: str,
        code: Callable[[StartEmailCodeSignInResponse], Any],
        tenant: str | None = None,
    ) -> Any:
        """Have a code mailed, ask `code(challenge)` for it, and sign in; the client then holds the session.

        A wrong or malformed code is asked for again, three times in all. On `AsyncCentral`, `code` may also be
        asynchronous. Raises what the two operations raise (`UnauthenticatedError` with the code `wrong_code`
        after the third try), and whatever `code` raises.
        """
        plans = EmailCodePlans(Auth.start_email_code.plan, Auth.verify_email_code.plan)
        return self.caller.run(email_code_sign_in(self.caller, plans, email, code, tenant))

    @overload
    def sign_in_again(
        self: "Auth[Sync]", *, code: Callable[[StartEmailCodeSignInResponse], str], tenant: str | None = None
    ) -> SignedInPrivate: ...
    @overload
    def sign_in_again(
        self: "Auth[Async]",
        *,
        code: Callable[[StartEmailCodeSignInResponse], str | Awaitable[str]],
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, SignedInPrivate]: ...
    def sign_in_again(self, *, code: Callable[[StartEmailCodeSignInResponse], Any], tenant: str | None = None) -> Any:
        """Sign in anew as whoever is signed in, by a mailed code, as `sign_in_with_email_code` does.

        For a `ForbiddenError` with the code `reauthentication_required`: for ten minutes from then on, the sign-in
        is fresh. The session that the client had ends.
        """
        plans = EmailCodePlans(Auth.start_email_code.plan, Auth.verify_email_code.plan)
        return self.caller.run(email_code_sign_in_again(self.caller, Users.me.plan, plans, code, tenant))

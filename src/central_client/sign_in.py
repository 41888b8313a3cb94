"""Signing in with a mailed code, from the first step to the session."""

from collections.abc import Callable
from typing import Any, NamedTuple

from central.auth.models import SignedInPrivate, StartEmailCodeSignInResponse
from central.errors import CentralError, UnauthenticatedError, ValidationFailedError
from central.users.models import UserPrivate
from central_client.core import Core
from central_client.messages import Ask, Flow
from central_client.plan import Plan

TRIES = 3


class EmailCodePlans(NamedTuple):
    """The two operations that it takes."""

    start: Plan[StartEmailCodeSignInResponse]
    verify: Plan[SignedInPrivate]


def email_code_sign_in(
    core: Core[Any],
    plans: EmailCodePlans,
    email: str,
    code: Callable[[StartEmailCodeSignInResponse], Any],
    tenant: str | None,
) -> Flow[SignedInPrivate]:
    """Start, ask for the code, verify it; ask again while it is wrong, three times in all."""
    where = {} if tenant is None else {"tenant": tenant}
    challenge = yield from core.call(plans.start, plans.start.check({"email": email, **where}))
    for tried in range(1, TRIES + 1):
        answer = yield Ask(lambda: code(challenge))
        try:
            given = plans.verify.check({"sign_in": challenge.sign_in, "code": answer, **where})
            signed_in = yield from core.call(plans.verify, given)
        except (UnauthenticatedError, ValidationFailedError) as error:
            if tried == TRIES or not _is_about_the_code(error):
                raise
            continue
        core.remember(plans.verify, given, signed_in.user.tenant_id)
        return signed_in
    raise AssertionError("unreachable")


def email_code_sign_in_again(
    core: Core[Any],
    me: Plan[UserPrivate],
    plans: EmailCodePlans,
    code: Callable[[StartEmailCodeSignInResponse], Any],
    tenant: str | None,
) -> Flow[SignedInPrivate]:
    """Find out who is signed in, and sign them in anew: the server ends the session that they come with."""
    asked = yield from core.call(me, me.check({} if tenant is None else {"tenant": tenant}))
    return (yield from email_code_sign_in(core, plans, asked.email, code, tenant))


def _is_about_the_code(error: CentralError) -> bool:
    return error.code == "wrong_code" or any(wrong.field == "code" for wrong in error.field_errors)

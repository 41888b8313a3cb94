"""Signing a person in from a program, written once for both clients: the saved session, a device code, or a browser."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from central.auth.models import SignedInPrivate
from central.errors import (
    CentralError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    GoneError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from central.tool_sign_ins.models import StartDeviceSignInResponse, StartLoopbackSignInResponse
from central.users.models import UserPrivate
from central_client.accounts import Account
from central_client.core import Core
from central_client.errors import SettingsError
from central_client.loopback import BrowserOpener, LoopbackListener
from central_client.messages import Flow, Wait
from central_client.plan import Plan
from central_client.screens import Screen, SignInPrompt
from central_client.surroundings import Way

_TICK = 1.0
_LOOK = 0.1
_LOOKS_AT_BROWSER = 10
_SLOWER_BY = 5
_MOST_FAILURES = 3
LIFETIME = 600.0


class LoginPlans(NamedTuple):
    """The operations that it takes."""

    me: Plan[UserPrivate]
    start_device: Plan[StartDeviceSignInResponse]
    poll_device: Plan[SignedInPrivate]
    start_loopback: Plan[StartLoopbackSignInResponse]
    exchange: Plan[SignedInPrivate]


@dataclass
class Login:
    """What somebody asks for who signs in, and who is signed in when it is done.

    `choose` gives the way, unless `how` forces one; `fresh` does without the session that is there; `seconds` is how
    long a person is waited for; `tool` is what the person is told of this program; `save` keeps the new session.
    """

    account: Account
    plans: LoginPlans
    screen: Screen
    tool: dict[str, str]
    choose: Callable[[], Way]
    save: Callable[[Core[Any], Account], None] | None
    how: Way | None = None
    fresh: bool = False
    seconds: float = LIFETIME
    user: UserPrivate | None = None
    is_new: bool = False


def login_flow(core: Core[Any], login: Login) -> Flow[UserPrivate]:
    """Use the session that is there, else have a person sign in; raises what `central_client.login` says."""
    user = None if login.fresh else (yield from _present(core, login))
    if user is None:
        try:
            user = (yield from _sign_in(core, login)).user
        except BaseException:
            login.screen.close("")
            raise
        login.screen.close(f"Signed in as {user.email}.")
        login.is_new = True
        if login.save is not None:
            login.save(core, login.account)
    login.user = user
    return user


def _present(core: Core[Any], login: Login) -> Flow[UserPrivate | None]:
    """Ask whose session is there; a saved one that has ended is none."""
    account, plan = login.account, login.plans.me
    if account.session is None:
        return None
    try:
        return (yield from core.call(plan, plan.check({})))
    except UnauthenticatedError:
        if account.source == "profile":
            return None
    name = "CENTRAL_SESSION" if account.source == "environment" else "The session that was given"
    raise UnauthenticatedError(f"{name} has ended; renew it, or take it away to sign in anew.", code="session_ended")


def _sign_in(core: Core[Any], login: Login) -> Flow[SignedInPrivate]:
    way = login.how or login.choose()
    if login.account.tenant is None:
        raise SettingsError(
            f"Which tenant at {login.account.base_url}? Give its slug or id, or set CENTRAL_TENANT.",
            code="tenant_missing",
        )
    try:
        signed_in = (yield from _by_loopback(core, login)) if way == "loopback" else None
        return signed_in or (yield from _by_device(core, login))
    except (ForbiddenError, GoneError) as error:
        raise _in_words(error) from None


def _by_device(core: Core[Any], login: Login) -> Flow[SignedInPrivate]:
    plans, deadline = login.plans, time.monotonic() + login.seconds
    started = yield from core.call(plans.start_device, plans.start_device.check({**login.tool}))
    complete = started.verification_uri_complete
    login.screen.show(
        SignInPrompt("device", login.account.place, started.verification_uri, complete, started.user_code)
    )
    given, interval, failures = plans.poll_device.check({"device_code": started.device_code}), started.interval, 0
    while True:
        yield from _wait(login, interval, deadline)
        try:
            signed_in = yield from core.call(plans.poll_device, given)
        except ConflictError as error:
            if error.code != "authorization_pending":
                raise
            failures = 0
        except RateLimitedError as error:
            interval = max(interval + _SLOWER_BY, round(error.retry_after or 0))
        except (ConnectionFailedError, UnavailableError):
            # A network that comes and goes does not end the wait (RFC 8628, 3.5).
            failures += 1
            if failures == _MOST_FAILURES:
                raise
        else:
            core.remember(plans.poll_device, given, signed_in.user.tenant_id)
            return signed_in


def _by_loopback(core: Core[Any], login: Login) -> Flow[SignedInPrivate | None]:
    """Send the browser, and wait for it; None when there is none, unless this way is forced."""
    plans, deadline = login.plans, time.monotonic() + login.seconds
    with LoopbackListener() as listener:
        asked = {"redirect_uri": listener.redirect_uri, "state": listener.state, "code_challenge": listener.challenge}
        started = yield from core.call(plans.start_loopback, plans.start_loopback.check({**login.tool, **asked}))
        address = started.approval_url
        browser = BrowserOpener(address)
        for _ in range(_LOOKS_AT_BROWSER):
            if browser.opened is None and listener.returned is None:
                yield Wait(_LOOK)
        if browser.opened is False and login.how is None:
            login.screen.tell("No browser can be opened here.")
            return None
        login.screen.show(SignInPrompt("loopback", login.account.place, address, address, started.user_code))
        while listener.returned is None:
            yield from _wait(login, _LOOK, deadline)
        code = listener.returned.code
    if code is None:
        raise ForbiddenError("Refused.", code="access_denied")
    fields = {"code": code, "code_verifier": listener.verifier, "redirect_uri": listener.redirect_uri}
    given = plans.exchange.check(fields)
    signed_in = yield from core.call(plans.exchange, given)
    core.remember(plans.exchange, given, signed_in.user.tenant_id)
    return signed_in


def _wait(login: Login, seconds: float, deadline: float) -> Flow[None]:
    """Let time pass in small steps; `GoneError` at the deadline."""
    left = seconds
    while left > 0:
        until_deadline = deadline - time.monotonic()
        if until_deadline <= 0:
            raise GoneError("Too late.", code="expired_token")
        login.screen.wait(until_deadline)
        step = min(left, _TICK)
        yield Wait(step)
        left -= step


def _in_words(error: CentralError) -> CentralError:
    """Say to whoever runs the program how their sign-in ended in the browser."""
    words = {
        "access_denied": "The sign-in was refused in the browser.",
        "expired_token": "Nobody approved the sign-in in time; run it again.",
    }
    if error.code not in words:
        return error
    return type(error)(words[error.code], code=error.code, request_id=error.request_id)

"""`login` and `login_async`: a client with somebody signed in, wherever this program runs."""

import platform
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from central_client.accounts import Account, find_account
from central_client.client import AsyncCentral, Central
from central_client.core import Core
from central_client.errors import SettingsError
from central_client.login_flow import LIFETIME, Login, LoginPlans, login_flow
from central_client.profiles import save_profile
from central_client.screens import SignInPrompt, screen_here
from central_client.settings import Settings
from central_client.surroundings import Surroundings, Way

if TYPE_CHECKING:
    from central_client.transport import AsyncHttpClient, HttpClient

_NAME_LIMIT = 64


def login(
    base_url: str | None = None,
    *,
    tenant: str | None = None,
    session: SecretStr | str | None = None,
    profile: str | None = None,
    how: Way | None = None,
    fresh: bool = False,
    save: bool = True,
    timeout: float = LIFETIME,
    application: str = "Python",
    show: Callable[[SignInPrompt], None] | None = None,
    http_client: "HttpClient | None" = None,
) -> Central:
    """Give a client with somebody signed in.

    The first of these that there is: the `session` that is given; `CENTRAL_SESSION`; the session of the profile, which
    is checked. Else somebody signs in with a browser, and the session is saved in the profile: in a notebook and over
    SSH by a code that they enter anywhere (`how="device"`), on a desktop in the browser of the machine
    (`how="loopback"`), and not at all where nobody would see it, as in CI. `how` forces one, `fresh` signs in anew
    although there is a session, `save=False` keeps the new one in this client alone.

    `timeout` is how many seconds the person is waited for. They are shown `application` and the name of this machine;
    `show` is called with the prompt, in the place of writing it to the terminal or below the notebook's cell.

    Raises `SettingsError` where nobody can sign in or nothing names the server or the tenant, `UnauthenticatedError`
    for a given session that has ended, `ForbiddenError` (`access_denied`) when the person refuses, `GoneError`
    (`expired_token`) when nobody approves in time, and what every call raises.
    """
    wanted = prepare(
        base_url,
        tenant=tenant,
        session=session,
        profile=profile,
        how=how,
        fresh=fresh,
        save=save,
        timeout=timeout,
        application=application,
        show=show,
    )
    return run_login(wanted, http_client)


async def login_async(
    base_url: str | None = None,
    *,
    tenant: str | None = None,
    session: SecretStr | str | None = None,
    profile: str | None = None,
    how: Way | None = None,
    fresh: bool = False,
    save: bool = True,
    timeout: float = LIFETIME,  # noqa: ASYNC109 (the blocking twin's signature)
    application: str = "Python",
    show: Callable[[SignInPrompt], None] | None = None,
    http_client: "AsyncHttpClient | None" = None,
) -> AsyncCentral:
    """As `login`, awaited; the client belongs to the running event loop."""
    wanted = prepare(
        base_url,
        tenant=tenant,
        session=session,
        profile=profile,
        how=how,
        fresh=fresh,
        save=save,
        timeout=timeout,
        application=application,
        show=show,
    )
    return await run_login_async(wanted, http_client)


def run_login(wanted: Login, http_client: "HttpClient | None" = None) -> Central:
    """Do what was prepared; gives the client, and leaves in `wanted` how it came about."""
    account = wanted.account
    client = Central(account.base_url, tenant=account.tenant, session=account.session, http_client=http_client)
    try:
        with closing(login_flow(client.auth.caller, wanted)) as flow:  # left by Ctrl-C, it cleans up at once
            client.auth.caller.run(flow)
    except BaseException:
        client.close()
        raise
    return client


async def run_login_async(wanted: Login, http_client: "AsyncHttpClient | None" = None) -> AsyncCentral:
    """As `run_login`, awaited."""
    account = wanted.account
    client = AsyncCentral(account.base_url, tenant=account.tenant, session=account.session, http_client=http_client)
    try:
        with closing(login_flow(client.auth.caller, wanted)) as flow:
            await client.auth.caller.run(flow)
    except BaseException:
        await client.aclose()
        raise
    return client


class _Shown:
    """Hands the prompt to a function of the caller's, and shows nothing else."""

    def __init__(self, show: Callable[[SignInPrompt], None]) -> None:
        self._show = show

    def show(self, prompt: SignInPrompt) -> None:
        self._show(prompt)

    def tell(self, text: str) -> None: ...

    def wait(self, seconds_left: float) -> None: ...

    def close(self, outcome: str) -> None: ...


def prepare(
    base_url: str | None,
    *,
    tenant: str | None,
    profile: str | None,
    how: Way | None,
    fresh: bool,
    timeout: float,
    application: str,
    session: SecretStr | str | None = None,
    save: bool = True,
    show: Callable[[SignInPrompt], None] | None = None,
) -> Login:
    """Put together what `login` takes; nothing is sent yet."""
    if how not in {None, "device", "loopback"}:
        raise SettingsError(f"`how` is 'device' or 'loopback', not {how!r}.", code="option_malformed")
    return Login(
        account=find_account(Settings.checked(base_url, tenant, session), profile),
        plans=_plans(),
        screen=screen_here() if show is None else _Shown(show),
        tool=this_tool(application),
        choose=lambda: Surroundings.look().choose(),
        save=_save if save else None,
        how=how,
        fresh=fresh,
        seconds=timeout,
    )


def _plans() -> LoginPlans:
    from central_client.resources.auth import Auth  # noqa: PLC0415 (as the client itself: loaded when it is needed)
    from central_client.resources.users import Users  # noqa: PLC0415

    return LoginPlans(
        Users.me.plan,
        Auth.start_device.plan,
        Auth.poll_device.plan,
        Auth.start_loopback.plan,
        Auth.exchange_loopback_code.plan,
    )


def this_tool(application: str) -> dict[str, str]:
    """Say which program asks, on which machine, in which version; what cannot be said is left out."""
    try:
        release = version("central")
    except PackageNotFoundError:  # a copy of the source that was never installed
        release = ""
    host = "".join(character for character in platform.node() if character.isprintable()).strip()[:_NAME_LIMIT]
    fields = {"application": application, "host": host, "version": release}
    return {name: value for name, value in fields.items() if value}


def _save(core: Core[Any], account: Account) -> None:
    token = core.scope().credentials.session
    save_profile(account.profile, base_url=account.base_url, tenant=account.tenant, session=token)

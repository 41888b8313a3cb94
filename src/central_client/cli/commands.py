"""What each command does."""

from argparse import Namespace
from typing import Any

from central.errors import (
    ConnectionFailedError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnexpectedStatusError,
)
from central_client.accounts import Account, find_account
from central_client.cli.output import print_fields, print_json, print_line, print_rows, warn
from central_client.cli.program import OK
from central_client.client import Central
from central_client.profiles import DEFAULT_PROFILE, forget_session, profile_path, read_profiles
from central_client.settings import Settings

_QUICK = 10.0


def login(given: Namespace) -> int:
    """Sign in, unless somebody is; save the session."""
    from central_client.log_in import prepare, run_login  # noqa: PLC0415 (the other commands listen to no browser)

    wanted = prepare(
        given.url,
        tenant=given.tenant,
        profile=given.profile,
        how=given.how,
        fresh=given.fresh,
        timeout=given.timeout,
        application="central CLI",
    )
    run_login(wanted).close()
    account, user = wanted.account, wanted.user
    assert user is not None, "somebody is signed in"
    if wanted.is_new:
        print_line(f"Saved as profile {account.profile!r}: {account.place}.")
    else:
        print_line(f"Already signed in to {account.place} as {user.email}, by {_source(account)}.")
    return OK


def logout(given: Namespace) -> int:
    """End the session on the server, and take it out of the profile, whether or not the server answers."""
    account = find_account(Settings(), given.profile, must_exist=True)
    if account.session is None:
        print_line(f"Nobody is signed in to {account.place}.")
        return OK
    ended = _end_session(account)
    names = forget_session(account.session.get_secret_value())
    if ended:
        print_line(f"Signed out of {account.place}.")
    else:
        warn(
            f"No answer from {account.base_url}: the session is no longer saved here, but lives on the server until it "
            "is ended in your list of sessions, or by itself."
        )
    if account.source == "environment" and not names:
        warn("CENTRAL_SESSION is still set, to a session that has ended.")
    return OK


def _end_session(account: Account) -> bool:
    """End the session; whether it has ended, now or before."""
    with _client(account).with_options(timeout=_QUICK, max_retries=1) as client:
        try:
            client.auth.sign_out()
        except (UnauthenticatedError, NotFoundError):
            return True
        except (ConnectionFailedError, UnavailableError, UnexpectedStatusError):
            return False
    return True


def whoami(given: Namespace) -> int:
    """Show whose session is used, and where it comes from."""
    account = find_account(Settings(), given.profile, must_exist=True)
    if account.session is None:
        raise UnauthenticatedError(f"Nobody is signed in to {account.place}: run `central login`.")
    with _client(account) as client:
        me = client.users.me()
    if given.json:
        about = {"server": account.base_url, "tenant": account.tenant, "source": account.source}
        profile = account.profile if account.source == "profile" else None
        print_json({"user": me.model_dump(mode="json", by_alias=True), **about, "profile": profile})
        return OK
    print_fields(
        [
            ("name", me.display_name),
            ("email", me.email),
            ("user", me.id),
            ("roles", ", ".join(me.roles)),
            ("tenant", f"{account.tenant} ({me.tenant_id})" if account.tenant != me.tenant_id else me.tenant_id),
            ("server", account.base_url),
            ("session", _source(account)),
        ]
    )
    return OK


def profiles(given: Namespace) -> int:
    """List the profiles; never a session itself."""
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "server": values.get("base_url", ""),
            "tenant": values.get("tenant", ""),
            "session": bool(values.get("session")),
            "default": name == DEFAULT_PROFILE,
        }
        for name, values in sorted(read_profiles(profile_path()).items())
    ]
    if given.json:
        print_json({"file": str(profile_path()), "profiles": found})
        return OK
    if not found:
        warn(f"There are no profiles in {profile_path()}; `central login` makes one.")
        return OK
    rows = [(one["name"], one["server"], one["tenant"], "saved" if one["session"] else "none") for one in found]
    print_rows([("profile", "server", "tenant", "session"), *rows])
    return OK


def _client(account: Account) -> Central:
    return Central(account.base_url, tenant=account.tenant, session=account.session)


def _source(account: Account) -> str:
    return "CENTRAL_SESSION" if account.source == "environment" else f"profile {account.profile!r}"

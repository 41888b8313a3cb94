"""Every way by which a session comes into being: who calls the one gate, and how to go there as a person does.

A new caller of `SessionIssuer.issue_session` needs an entry in `WAYS_IN`; the tests made from it then ask what happens
when the user, the tenant or the connector ends before, between or after its steps.
"""

import ast
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from central.auth_connectors.models import AuthConnector
from central.errors import ForbiddenError, GoneError
from central.users.models import User
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, mailed_code, person
from support.source import SOURCES
from support.tools import approved_device

Finish = Callable[[], Awaitable[str]]
"""Ends a sign-in and gives the session's token, or raises the error of the API."""


@dataclass(frozen=True)
class WayIn:
    """One way: the method that calls the gate, the kind of connector it goes by, and how it begins."""

    caller: str
    connector: str | None
    begin: Callable[[Place, User, Provider], Awaitable[Finish]]


async def _by_code(place: Place, user: User, provider: Provider) -> Finish:
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)

    async def finish() -> str:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
        assert client.session_token is not None
        return client.session_token.get_secret_value()

    return finish


async def _by_provider(place: Place, user: User, provider: Provider) -> Finish:
    connector = await connector_of(place, "oidc")
    provider.person = person(user.email)
    browser = Browser(place)
    started = await browser.http.get(f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start")
    if started.status_code != 303:
        raise ForbiddenError("The sign-in did not begin.", code=started.json()["code"])
    url = await provider.authorize(started.headers["location"])

    async def finish() -> str:
        answer = await browser.go(url)
        if answer.status_code == 303:
            assert browser.session is not None
            return browser.session
        refusals = {403: ForbiddenError, 410: GoneError}
        raise refusals[answer.status_code]("The sign-in was refused.", code=answer.json()["code"])

    return finish


async def _by_command_line(place: Place, user: User, provider: Provider) -> Finish:
    return lambda: place.stack.session_of(place.tenant.id, user.id)


async def _by_tool(place: Place, user: User, provider: Provider) -> Finish:
    client = place.anonymous()
    started = await approved_device(place, await place.sign_in(user))

    async def finish() -> str:
        await client.auth.poll_device(device_code=started.device_code)
        assert client.session_token is not None
        return client.session_token.get_secret_value()

    return finish


async def _in_anothers_name(place: Place, user: User, provider: Provider) -> Finish:
    admin = await place.signed_in("admin")

    async def finish() -> str:
        view = await admin.impersonate(user=user.id, reason="An example").__aenter__()
        assert view.session_token is not None
        return view.session_token.get_secret_value()

    return finish


WAYS_IN = {
    "mailed code": WayIn("central_server/auth/codes.py: EmailCodes._TX_admit", "email_code", _by_code),
    "tool": WayIn("central_server/tool_sign_ins/finishing.py: ToolSessions._issue", None, _by_tool),
    "impersonation": WayIn(
        "central_server/auth/impersonation.py: Impersonations.TX_impersonate", None, _in_anothers_name
    ),
    "provider": WayIn("central_server/auth/provider_sign_in.py: ProviderSignIn._TX_sign_in", "oidc", _by_provider),
    "command line": WayIn("central_server/cli/dev/prepare.py: issue_session", None, _by_command_line),
}

# An invitation is of an address, not of a user: when that ends, somebody else may come in by it, as these tests say.
TESTED_ELSEWHERE = {
    "central_server/auth/accepting.py: InvitationAcceptance._accept_as": "tests/invitations/test_accept_invitation.py",
    "central_server/auth/accepting.py: InvitationAcceptance._accept_as_new": "tests/invitations/test_inviters.py",
}


async def make_connectors(place: Place, provider: Provider) -> None:
    """Give a tenant a connector for the provider, beside the one for mailed codes, trusted for the users' domain."""
    await connect_provider(place, provider, trusted=[place.domain])


async def connector_of(place: Place, kind: str) -> AuthConnector:
    """Find the tenant's connector of a kind."""
    (found,) = [connector async for connector in place.owner.auth_connectors.list() if connector.kind == kind]
    return found


def callers_of_the_gate() -> set[str]:
    """Name every function of the source that calls `issue_session` of something."""
    return {
        f"{source.name}: {name}"
        for source in SOURCES
        for name, function in _functions(source.tree, "")
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "issue_session"
    }


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child

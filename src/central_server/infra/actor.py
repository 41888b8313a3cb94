"""Who acts: what only the server knows of a request, handed to services beside the input."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from central.errors import ForbiddenError
from central.kernel.ids import SessionId, TenantId, UserId
from central_server.infra.db import Unit
from central_server.infra.rate_limits.quota import Quota


class By(NamedTuple):
    """Who does something, as events tell it; without a user it is the system, or nobody signed in."""

    user: UserId | None = None
    impersonator: UserId | None = None
    request_id: str | None = None


SYSTEM = By()


@dataclass(slots=True)
class Cookies:
    """Our cookies of a request, and what the answer does to them. Tokens never appear in `repr`."""

    session: str | None = field(default=None, repr=False)
    sign_in: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    invitation: str | None = field(default=None, repr=False)
    changes: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]], repr=False)

    def set(self, name: str, value: str, max_age: int) -> None:
        """Set a cookie for `max_age` seconds."""
        self.changes[name] = (value, max_age)

    def clear(self, name: str) -> None:
        """Have the browser forget a cookie."""
        self.changes[name] = ("", 0)


@dataclass(slots=True)
class Caller:
    """Somebody who asks, signed in or not: where from, by which program, in which request.

    `quota` is what their request left of a rate limit, once it was counted.
    """

    request_id: str
    address: str | None
    user_agent: str | None
    cookies: Cookies
    quota: Quota | None = field(default=None, init=False)

    @property
    def by(self) -> By:
        """Who acts, for events: nobody who is known."""
        return By(request_id=self.request_id)


@dataclass(slots=True)
class Actor(Caller):
    """A signed-in user, as of this request: the session, the user and the tenant were all active at its start.

    `impersonator_id` is who acts in their name, if somebody does; `is_fresh` says that the person signed in, or
    signed in again, within the last ten minutes.
    `principal` is the row that the session's look-up gave; `unit` is the transaction that a request with an
    `Idempotency-Key` shares with the record of its answer. `readmit` looks the session up again.
    """

    tenant_id: TenantId
    tenant_slug: str
    user_id: UserId
    session_id: SessionId
    impersonator_id: UserId | None
    is_fresh: bool
    roles: tuple[str, ...]
    permissions: frozenset[str]
    system_permissions: frozenset[str]
    principal: Mapping[str, Any] = field(repr=False)
    unit: Unit | None = None
    readmit: Callable[[], Awaitable["Actor"]] | None = field(default=None, repr=False, compare=False)

    async def as_of_now(self) -> "Actor":
        """Let them in again, after something was waited for: what they may do can have changed since.

        Raises as at the door when they are let in no more.
        """
        return self if self.readmit is None else await self.readmit()

    @property
    def by(self) -> By:
        """Who acts, for events."""
        return By(self.user_id, self.impersonator_id, self.request_id)

    @property
    def is_owner(self) -> bool:
        """Whether the actor may change owners."""
        return "owner" in self.roles

    def check_fresh(self) -> None:
        """Refuse what takes a sign-in of the last ten minutes; for inputs that need it where others do not."""
        if not self.is_fresh:
            raise reauthentication_required()


def reauthentication_required() -> ForbiddenError:
    """Give the error for what takes a sign-in of the last ten minutes."""
    return ForbiddenError(
        "Sign in again, then repeat this: it takes a sign-in of the last ten minutes.",
        code="reauthentication_required",
    )

from collections.abc import Sequence
from dataclasses import dataclass

from central.users.models import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user that another service makes: a tenant's first owner, or somebody at their first sign-in."""

    email: str
    display_name: str | None = None
    roles: Sequence[Role] = ("member",)
    email_verified: bool = False

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user that another service makes: a tenant's first owner, or somebody at their first sign-in."""

    email: str
    display_name: str | None = None
    roles: Sequence[str] = ("member",)
    email_verified: bool = False

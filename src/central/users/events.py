from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import UserId


class UserCreated(Event):
    """A user was created, by an admin or at their first sign-in."""

    kind: Literal["user.created"] = "user.created"
    user_id: UserId


class UserUpdated(Event):
    """A user's name, address or roles changed."""

    kind: Literal["user.updated"] = "user.updated"
    user_id: UserId


class UserDisabled(Event):
    """A user was disabled and their sessions ended."""

    kind: Literal["user.disabled"] = "user.disabled"
    user_id: UserId


class UserEnabled(Event):
    """A disabled user was enabled."""

    kind: Literal["user.enabled"] = "user.enabled"
    user_id: UserId


class UserDeleted(Event):
    """A user was deleted with their sessions and identities."""

    kind: Literal["user.deleted"] = "user.deleted"
    user_id: UserId

"""Between people as the database keeps them and as callers see them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from central.emails.models import UserEmail
from central.errors import NotFoundError
from central.kernel.ids import TenantId
from central.users.models import User, UserPrivate
from central_server.roles.policy import sorted_permissions_of
from central_server.users.tables import DBUser, DBUserEmail

T = TypeVar("T")


def user_from(row: DBUser, tenant: TenantId) -> User:
    """Make the DTO of a row."""
    return User.model_validate({**row, "tenant_id": tenant})


def users_from(rows: Sequence[DBUser], tenant: TenantId) -> list[dict[str, Any]]:
    """Make what a page of users is validated from."""
    return [{**row, "tenant_id": tenant} for row in rows]


def user_private_from(principal: Mapping[str, Any]) -> UserPrivate:
    """Make what a user sees of themselves from the row of their session's look-up."""
    return UserPrivate.model_validate(
        {
            "id": principal["user_id"],
            "tenant_id": principal["tenant_id"],
            "email": principal["email"],
            "email_verified": principal["email_verified"],
            "display_name": principal["display_name"],
            "roles": principal["roles"],
            "permissions": sorted_permissions_of(tuple(principal["roles"]), tuple(principal["granted"])),
            "system_permissions": principal["system_permissions"],
            "locale": principal["locale"],
            "time_zone": principal["time_zone"],
            "state": principal["state"],
            "created_at": principal["created_at"],
            "updated_at": principal["updated_at"],
            "last_sign_in_at": principal["last_sign_in_at"],
            "version": principal["version"],
            "impersonator": _impersonator_from(principal),
        }
    )


def _impersonator_from(principal: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give who acts in a user's name, if somebody does."""
    if (id := principal["impersonator_id"]) is None:
        return None
    return {"id": id, "display_name": principal["impersonator_name"]}


def email_from(row: DBUserEmail) -> UserEmail:
    """Make the DTO of an address."""
    return UserEmail.model_validate({**row})


def found(value: T | None, noun: str = "user") -> T:
    """Give what was found; `NotFoundError` for nothing."""
    if value is None:
        raise NotFoundError.of(noun)
    return value

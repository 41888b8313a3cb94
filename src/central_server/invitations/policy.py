"""What may become of an invitation: who stands for it, who accepts it and how."""

from collections.abc import Collection
from typing import Literal, NamedTuple, TypeAlias

from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError
from central.kernel.ids import UserId
from central_server.infra.actor import reauthentication_required

OWNER = "owner"
PERMISSION = "invitations:write"
MOST_MAILS_IN_DAY = 10

Step: TypeAlias = Literal["as_user", "as_new_user", "sign_in_first"]
_ENDED = {
    "accepted": "This invitation has been accepted already; sign in.",
    "revoked": "This invitation was taken back; ask whoever invited you.",
    "expired": "This invitation has run out; ask whoever invited you for a new one.",
}


class Invitee(NamedTuple):
    """Whose address was invited, if it is anybody's here."""

    id: UserId
    active: bool


def decide_step(invitee: Invitee | None, guest: UserId | None, *, mails_codes: bool) -> Step:
    """Say how an invitation goes on; raises `ForbiddenError` where it does not, and nothing is used up.

    `invitee` is the user with the invited address, `guest` whoever is signed in; `mails_codes` says whether the
    tenant lets people in by their mailboxes.
    """
    if guest is not None:
        if invitee is None or invitee.id != guest:
            raise ForbiddenError(
                "You are signed in as somebody else; sign out, and open the invitation again.",
                code="signed_in_as_another",
            )
        return "as_user"
    if invitee is None:
        return "as_new_user" if mails_codes else "sign_in_first"
    if not invitee.active:
        raise ForbiddenError("This account is disabled; ask an administrator.", code="user_disabled")
    return "sign_in_first"


def may_still_invite(
    inviter_roles: Collection[str],
    inviter_permissions: Collection[str],
    roles: Collection[str],
    permissions: Collection[str],
) -> bool:
    """Whether somebody could make an invitation to these roles now; `permissions` are what they allow together."""
    if OWNER in roles and OWNER not in inviter_roles:
        return False
    return {PERMISSION, *permissions} <= set(inviter_permissions)


def ended(state: str | None) -> GoneError | NotFoundError:
    """Give the error for an invitation that cannot be accepted, or for a link that leads to none."""
    if state not in _ENDED:
        return NotFoundError.of("invitation")
    return GoneError(_ENDED[state], code=f"invitation_{state}")


def check_fresh_for(roles: Collection[str], *, fresh: bool) -> None:
    """Refuse to make an owner of somebody who signed in more than ten minutes ago; `ForbiddenError`."""
    if OWNER in roles and not fresh:
        raise reauthentication_required()


def impersonating() -> ForbiddenError:
    """Give the error for whoever acts as another person."""
    return ForbiddenError("Nobody accepts an invitation in another's name.", code="impersonating")


def inviter_may_not() -> ForbiddenError:
    """Give the error for an invitation whose inviter has left, or may not invite to its roles any more."""
    return ForbiddenError(
        "Whoever invited you may not do so any more; ask another administrator.", code="inviter_may_not"
    )


def role_gone() -> ConflictError:
    """Give the error for an invitation to a role that has been deleted."""
    return ConflictError("A role of this invitation is gone; it has to be made again.", code="role_gone")


def masked(email: str) -> str:
    """Write an address so that its owner knows it, and whoever was forwarded the link learns little of it."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"

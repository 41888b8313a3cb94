from typing import Literal

from central.kernel.events import Changed, Event
from central.kernel.ids import EmailChangeId, EmailVerificationId, ImageId, RoleId, UserEmailId, UserId


class UserCreated(Event):
    """A user was created, by an admin or at their first sign-in."""

    kind: Literal["user.created"] = "user.created"
    user_id: UserId


class UserUpdated(Changed):
    """A user's name, address or roles changed."""

    told = frozenset({"locale", "time_zone", "roles", "system_permissions"})
    withheld = frozenset({"email", "display_name", "attributes"})

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


class UserAvatarChanged(Event):
    """Somebody has another picture, or none any more."""

    kind: Literal["user.avatar_changed"] = "user.avatar_changed"
    user_id: UserId
    image_id: ImageId | None = None


class UserTagsChanged(Changed):
    """Tags were given to a user or taken from them."""

    told = frozenset({"tags"})

    kind: Literal["user.tags.changed"] = "user.tags.changed"
    user_id: UserId


class UserExternalIdSet(Event):
    """Another system's name for a user was set."""

    kind: Literal["user.external_id.set"] = "user.external_id.set"
    user_id: UserId


class UserExternalIdRemoved(Event):
    """Another system's name for a user was removed."""

    kind: Literal["user.external_id.removed"] = "user.external_id.removed"
    user_id: UserId


class UserMerged(Event):
    """Two users turned out to be one person: what the other had is this user's now, and the other is deleted."""

    kind: Literal["user.merged"] = "user.merged"
    user_id: UserId
    other_id: UserId


class AttributeRulesChanged(Changed):
    """The tenant's schema of attributes changed."""

    withheld = frozenset({"json_schema"})

    kind: Literal["attribute_rules.changed"] = "attribute_rules.changed"


class UserEmailAdded(Event):
    """A user got a further address, not verified."""

    kind: Literal["user.email.added"] = "user.email.added"
    user_id: UserId
    email_id: UserEmailId


class UserEmailVerificationRequested(Event):
    """A code is to be mailed to an address that a user says is theirs."""

    kind: Literal["user.email.verification_requested"] = "user.email.verification_requested"
    user_id: UserId
    email_id: UserEmailId
    verification_id: EmailVerificationId


class UserEmailVerified(Event):
    """A user has shown that an address is theirs."""

    kind: Literal["user.email.verified"] = "user.email.verified"
    user_id: UserId
    email_id: UserEmailId


class UserEmailMadePrimary(Event):
    """Another address of a user is their primary one now."""

    kind: Literal["user.email.made_primary"] = "user.email.made_primary"
    user_id: UserId
    email_id: UserEmailId


class UserPrimaryEmailChanged(Event):
    """A user is known by another address; the former one is to be mailed a notice."""

    kind: Literal["user.primary_email.changed"] = "user.primary_email.changed"
    user_id: UserId
    change_id: EmailChangeId


class UserEmailRemoved(Event):
    """An address was taken from a user."""

    kind: Literal["user.email.removed"] = "user.email.removed"
    user_id: UserId
    email_id: UserEmailId


class UserRoleGranted(Event):
    """A user was given a role, or a new end for one that they hold."""

    kind: Literal["user.role.granted"] = "user.role.granted"
    user_id: UserId
    role_id: RoleId


class UserRoleEnded(Event):
    """A role that was given for a time has ended; that was at its end, and is told some minutes later."""

    kind: Literal["user.role.ended"] = "user.role.ended"
    user_id: UserId
    role_id: RoleId


class UserRoleRevoked(Event):
    """A role was taken from a user."""

    kind: Literal["user.role.revoked"] = "user.role.revoked"
    user_id: UserId
    role_id: RoleId

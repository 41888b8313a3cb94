"""Who may read what happened."""

from central.errors import ForbiddenError
from central_server.infra.actor import Actor


def check_may_read(actor: Actor) -> None:
    """Refuse whoever may not read events."""
    if "events:read" not in actor.permissions:
        raise ForbiddenError("Reading events takes the permission events:read.", code="permission_missing")

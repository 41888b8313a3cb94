"""What is archived of invitations: also what their links lead to, as a hash."""

from central_server.infra.db.archiving import LeftOut, archived
from central_server.invitations.tables import INVITATIONS

ARCHIVED = (
    archived(
        INVITATIONS,
        LeftOut(
            token="sealed with this server's keys until it is mailed",  # noqa: S106 (a reason)
            binding_hash="of a browser that is just accepting",
            begun_at="the same",
        ),
    ),
)
LEFT_OUT: dict[str, str] = {}

"""What is archived of events: how long they are kept, and all of them, in the order of the feed."""

from sqlalchemy import BigInteger, func, literal

from central_server.events.tables import EVENT_RETENTIONS
from central_server.infra.db.archiving import Instead, LeftOut, archived
from central_server.infra.outbox.tables import OUTBOX, POSITIONS

# What is not in the feed yet stands behind what is.
_PLACE = func.coalesce(OUTBOX.c.position, literal(2**63 - 1, BigInteger))
ARCHIVED = (
    archived(EVENT_RETENTIONS),
    archived(
        OUTBOX,
        LeftOut(position="a place in this server's feed; the order stays"),
        order=(_PLACE, OUTBOX.c.created_at, OUTBOX.c.id),
        instead=Instead(position=POSITIONS.next_value()),
        as_platform=True,
    ),
)
LEFT_OUT = {
    "event_consumers": "readers begin behind the last event that they have",
    "event_handovers": "what listens here has heard of it, and nobody is to hear of it again elsewhere",
}

"""What goes of events when a tenant is deleted: who has read them how far, and in the end the events themselves."""

from central_server.events.tables import EVENT_CONSUMERS, EVENT_RETENTIONS
from central_server.infra.db.erasing import erase
from central_server.infra.outbox.tables import HANDOVERS, OUTBOX

# The application's own role never deletes what happened.
ERASURES = (
    erase(EVENT_CONSUMERS),
    erase(EVENT_RETENTIONS),
    erase(HANDOVERS, as_platform=True),
    erase(OUTBOX, as_platform=True),
)

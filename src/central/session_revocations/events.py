from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import JobId


class SessionRevocationRequested(Event):
    """Somebody asked for many sessions to be ended; `sessions.ended` tells of each user's."""

    kind: Literal["sessions.revocation.requested"] = "sessions.revocation.requested"
    job_id: JobId

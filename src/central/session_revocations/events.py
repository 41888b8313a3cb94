from typing import Literal

from central.jobs.events import JobRequested


class SessionRevocationRequested(JobRequested):
    """Somebody asked for many sessions to be ended; `sessions.ended` tells of each user's."""

    kind: Literal["sessions.revocation.requested"] = "sessions.revocation.requested"

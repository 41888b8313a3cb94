from central.session_revocations.events import SessionRevocationRequested
from central_server.infra.outbox import Listener
from central_server.jobs.specs import RunJobInput
from central_server.session_revocations.specs import REVOKE_SESSIONS

LISTENERS = (
    Listener(
        SessionRevocationRequested,
        REVOKE_SESSIONS,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)

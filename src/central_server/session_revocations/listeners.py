from central.session_revocations.events import SessionRevocationRequested
from central_server.jobs.listeners import runs_job
from central_server.session_revocations.specs import REVOKE_SESSIONS

LISTENERS = (runs_job(SessionRevocationRequested, REVOKE_SESSIONS),)

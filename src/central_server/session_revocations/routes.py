from central.jobs.models import Job
from central.session_revocations.models import StartSessionRevocationInput
from central.session_revocations.operations import START_SESSION_REVOCATION
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.session_revocations.service import SessionRevocationService


class SessionRevocationRoutes:
    """Serves the operation on mass revocations of sessions."""

    def __init__(self, revocations: SessionRevocationService) -> None:
        self.revocations = revocations

    @handles(START_SESSION_REVOCATION)
    async def start(self, input: StartSessionRevocationInput, actor: Actor) -> Job:
        return await self.revocations.TX_start(input, actor)

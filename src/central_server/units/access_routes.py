from central.explain.models import ExplainAccessInput, ExplainAccessResponse
from central.explain.operations import EXPLAIN_ACCESS
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.units.access import UnitAccess


class AccessRoutes:
    """Serves the operation that explains who may do what."""

    def __init__(self, access: UnitAccess) -> None:
        self.access = access

    @handles(EXPLAIN_ACCESS)
    async def explain(self, input: ExplainAccessInput, actor: Actor) -> ExplainAccessResponse:
        return await self.access.explain(input, actor)

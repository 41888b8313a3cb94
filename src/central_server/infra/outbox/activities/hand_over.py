from temporalio import activity

from central_server.infra.outbox.handing import HandingOver
from central_server.infra.outbox.specs import HandOverInput, HandOverOutput
from central_server.infra.temporal.beats import beating


class HandOverActivity:
    """Hands a batch of events to a listener, or what an attempt before has left of it."""

    def __init__(self, handing: HandingOver) -> None:
        self._handing = handing

    @activity.defn(name="events.hand_over")
    async def hand_over(self, input: HandOverInput) -> HandOverOutput:
        """Hand each event over by itself; one that fails is set aside and keeps no other from its turn."""
        async with beating():
            handled, failed = await self._handing.hand_over(input.listener, input.batch)
        return HandOverOutput(handled=handled, failed=failed)

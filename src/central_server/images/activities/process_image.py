from temporalio import activity

from central_server.images.making import ImageMaker
from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput


class ProcessImageActivity:
    """Makes the renditions of a picture, or what an attempt before has left of it."""

    def __init__(self, maker: ImageMaker) -> None:
        self._maker = maker

    @activity.defn(name="images.process")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Make them."""
        async with beating():
            return RunJobOutput(state=await self._maker.run(input.tenant_id, input.job_id))

    @activity.defn(name="images.settle")
    async def settle(self, input: RunJobInput) -> RunJobOutput:
        """Leave nothing behind of a job that is over without its picture."""
        await self._maker.TX_settle(input.tenant_id, input.job_id)
        return RunJobOutput()

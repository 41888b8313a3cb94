from functools import partial

from central.jobs.models import GetJobInput, Job
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.news import JobNews
from central_server.jobs.policy import ENDED
from central_server.jobs.service import JobService


class JobWatch:
    """Jobs as those see them who wait for a change."""

    def __init__(self, db: Database, jobs: JobService, news: JobNews) -> None:
        self.db = db
        self.jobs = jobs
        self.news = news

    async def TX_get(self, input: GetJobInput, actor: Actor) -> Job:
        """Give a job; of one whose version is known and that has not ended, wait for another as long as is asked.

        Nothing is held meanwhile. Whether the actor may still see it is judged anew when the waiting is over.
        """
        if not input.wait or input.known_version is None:
            return await self.jobs.get(input, actor)
        job = await self._get(input, actor)
        if _is_news(input, job):
            return job
        await self.news.look_until(
            partial(_is_news, input), partial(self._get, input, actor), input.wait, str(job.id.uuid)
        )
        return await self._get(input, await actor.as_of_now())

    async def _get(self, input: GetJobInput, actor: Actor) -> Job:
        return await self.jobs.get(input, actor, self.db.autocommit(actor.tenant_id))


def _is_news(input: GetJobInput, job: Job) -> bool:
    """Whether there is something to say; what has ended does not change any more."""
    return job.version != input.known_version or job.state in ENDED

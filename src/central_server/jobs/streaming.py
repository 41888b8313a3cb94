from collections.abc import AsyncGenerator, AsyncIterator
from time import monotonic

from central.errors import CentralError
from central.jobs.models import GetJobInput, Job, StreamJobInput
from central_server.infra.actor import Actor
from central_server.infra.http.event_stream import BEGINNING, LONGEST, NOTHING_YET, written
from central_server.jobs.policy import ENDED
from central_server.jobs.watching import JobWatch


class JobStreams:
    """Jobs as server-sent events: as one is, then at each change, until it has ended.

    The id of each is the job's version, so that a browser that lost the connection goes on behind the last one it had.
    Whether the caller is still signed in, and may still see the job, is asked before anything is sent. While nothing
    happens a comment comes every `wait` seconds; a reader that has gone is noticed by that.
    """

    def __init__(self, watch: JobWatch, wait: int = 5) -> None:
        self.watch = watch
        self.wait = wait

    async def open(self, input: StreamJobInput, actor: Actor) -> AsyncIterator[bytes] | None:
        """Begin a stream; None where the reader has seen the job's end. `NotFoundError` for none that they may see."""
        job = await self.watch.TX_get(GetJobInput(job=input.job), actor)
        if job.state in ENDED and job.version == input.known_version:
            return None
        return self._stream(job, input.known_version, actor)

    async def _stream(self, job: Job, known: int | None, actor: Actor) -> AsyncGenerator[bytes]:
        until = monotonic() + LONGEST
        yield BEGINNING
        while True:
            yield NOTHING_YET if job.version == known else written(job.version, "job", job.model_dump_json())
            if job.state in ENDED or monotonic() > until:
                return
            known = job.version
            try:
                actor = await actor.as_of_now()
                job = await self.watch.TX_get(GetJobInput(job=job.id, known_version=known, wait=self.wait), actor)
            except CentralError:
                return  # the reader asks again, and is told why as an answer of its own

import os
import socket

from temporalio import activity

from central_server.media.specs import PingInput, PingOutput


class PingActivity:
    """Answers, to show that the media worker is there."""

    @activity.defn(name="media.ping")
    async def ping(self, input: PingInput) -> PingOutput:
        """Send the message back."""
        return PingOutput(message=input.message, worker=f"{os.getpid()}@{socket.gethostname()}")

from central_server.infra.temporal.dispatcher import TemporalDispatcher


async def test_cancelling_what_is_not_there(dispatcher: TemporalDispatcher) -> None:
    """A workflow that never was, or has long ended, is nothing to cancel, and no error."""
    assert await dispatcher.cancel("never-was") is False

"""Telling of what is due: one that cannot be told keeps no other from its turn."""

import pytest

from central_server.infra.upkeep.telling import PAGE, tell_page


def _nothing() -> None:
    """Stand for a heartbeat."""


async def _tell(one: int) -> bool:
    if one < 0:
        raise LookupError(one)
    return one > 0


async def test_page() -> None:
    """A full page that brought news is not the last; one that is short, or brought none, is."""
    assert await tell_page([1] * PAGE, _tell, _nothing) == (PAGE, False)
    assert await tell_page([0] * PAGE, _tell, _nothing) == (0, True)
    assert await tell_page([1, 0, 1], _tell, _nothing) == (2, True)
    assert await tell_page([], _tell, _nothing) == (0, True)


async def test_one_that_fails() -> None:
    """The others are told, and the failure is raised when nothing else is left."""
    assert await tell_page([-1] + [1] * (PAGE - 1), _tell, _nothing) == (PAGE - 1, False)
    with pytest.raises(LookupError):
        await tell_page([-1, 1], _tell, _nothing)
    with pytest.raises(LookupError):
        await tell_page([-1] * PAGE, _tell, _nothing)

"""Notifications, over lost connections."""

import asyncio
from collections.abc import Callable
from typing import Any

from db_support import Place, opened


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


async def test_notifications_are_heard_and_the_connection_comes_back(place: Place, owner: Any) -> None:
    """Each payload once, and "" after every connecting, as something may have been missed."""
    heard: list[str] = []
    async with opened(place.app, min_size=1, max_size=1) as db:
        listener = await db.listen("news", heard.append)
        await _until(lambda: heard == [""])
        await owner.execute("NOTIFY news, 'one'")
        await _until(lambda: heard == ["", "one"])
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'central listen'"
        )
        await _until(lambda: heard == ["", "one", ""])
        await owner.execute("NOTIFY news, 'two'")
        await _until(lambda: heard == ["", "one", "", "two"])
        await listener.close()
        await owner.execute("NOTIFY news, 'three'")
        await asyncio.sleep(0.05)
        assert heard == ["", "one", "", "two"]


async def test_a_listener_ends_with_the_database(place: Place, owner: Any) -> None:
    """Closing leaves no connection."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        heard: list[str] = []
        await db.listen("news", heard.append)
        await _until(lambda: heard == [""])
    await asyncio.sleep(0.05)
    assert await owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'central%'") == 0

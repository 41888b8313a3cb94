"""Waiting for what a channel tells of."""

import asyncio
from typing import Any

import pytest
from db_support import Place, opened

from central_server.infra.db import News, news


class Looks:
    """What somebody sees who looks, and how often they looked."""

    def __init__(self) -> None:
        self.count = 0
        self.seen = False

    async def __call__(self) -> bool:
        self.count += 1
        return self.seen


async def _settled() -> None:
    await asyncio.sleep(0.2)


async def test_only_those_look_again_whose_topic_it_is(
    place: Place, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A telling wakes those who wait for its topic; one without a topic, and a connection that is back, everybody."""
    monkeypatch.setattr(news, "_LOOK_AGAIN", 60.0)
    one, two = Looks(), Looks()
    async with opened(place.app, min_size=1, max_size=2) as db:
        told = News(db, "topics")
        waiting = [
            asyncio.create_task(told.look_until(bool, look, 30, topic)) for topic, look in (("one", one), ("two", two))
        ]
        await _settled()
        first = (one.count, two.count)
        await owner.execute("NOTIFY topics, 'one'")
        await _settled()
        assert (one.count, two.count) == (first[0] + 1, first[1])
        await owner.execute("NOTIFY topics")
        await _settled()
        assert (one.count, two.count) == (first[0] + 2, first[1] + 1)
        one.seen = two.seen = True
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'central listen'"
        )
        assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [True, True]
        await told.close()


async def test_what_was_not_told_is_seen_a_little_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a telling is lost one looks again by oneself, and gives up when the time is over."""
    monkeypatch.setattr(news, "_LOOK_AGAIN", 0.1)
    look = Looks()
    async with opened(place.app, min_size=1, max_size=2) as db:
        told = News(db, "silent")
        assert await told.look_until(bool, look, 0.5) is False
        assert 4 <= look.count <= 8
        waiting = asyncio.create_task(told.look_until(bool, look, 30))
        await asyncio.sleep(0.05)
        look.seen = True
        assert await asyncio.wait_for(waiting, 5)
        await told.close()

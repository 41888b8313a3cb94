"""Resting between batches, so that others are served."""

import asyncio
from time import monotonic

import pytest

from central_server.jobs.working import Rest
from central_server.user_imports.importing import UserImporter
from support.importing import queued, work_on
from support.place import Place


async def _batches(rest: Rest, *, count: int) -> list[float]:
    """Do batches of 0.1 seconds, and give for how long each was rested before."""
    rested = list[float]()
    for _ in range(count):
        began = monotonic()
        async with rest.then():
            rested.append(monotonic() - began)
            await asyncio.sleep(0.1)
    return rested


async def test_a_rest_is_in_proportion_to_the_batch() -> None:
    """Nothing is rested before the first batch or behind the last; with a share of 0, never."""
    first, second, third = await _batches(Rest(2), count=3)
    assert first < 0.05
    assert second == pytest.approx(0.2, abs=0.1)
    assert third == pytest.approx(0.2, abs=0.1)
    assert max(await _batches(Rest(0), count=3)) < 0.05


async def test_an_import_rests_between_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does so while it validates, applies and disables, each chunk being a batch."""
    importer = await place.stack.central.container.get(UserImporter)
    begun = list[list[str]]()

    class Noted(Rest):
        def __init__(self) -> None:
            super().__init__(0)
            self.batches = list[str]()
            begun.append(self.batches)

        def then(self):
            self.batches.append("batch")
            return super().then()

    monkeypatch.setattr(importer.rests, "begin", Noted)
    missing = await place.user()
    rows = [{"email": place.address()} for _ in range(25)]
    job = await queued(place, rows, size=10, on_missing="disable", disable_limit=5)
    assert (await work_on(place, job)).state == "succeeded"
    assert (await place.owner.users.get(user=missing.id)).state == "disabled"
    assert [len(batches) for batches in begun] == [3, 3, 1]

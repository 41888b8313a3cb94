"""A short run of the crash test; the long one is `nox -s crash`."""

from pathlib import Path

import pytest

from crash.report import lines
from crash.run import Plan, run


@pytest.mark.slow
async def test_nothing_is_lost_in_a_crash(tmp_path: Path) -> None:
    """What was acknowledged is stored, told once and delivered, whatever was killed meanwhile."""
    report = await run(Plan(operations=150, seed=7, tenants=2, pause=(1.5, 3.5)), tmp_path, lambda *_: None)
    assert report.findings.is_clean, "\n".join(lines(report))
    assert report.diary.count("acknowledged") > 40
    assert sum(report.faults.done.values()) >= 1

"""What a run prints, and how a table of it looks in a document."""

from collections.abc import Iterator

from crash.run import Report

_EXAMPLES = 5


def lines(report: Report) -> Iterator[str]:
    """Give a report as Markdown."""
    diary, findings = report.diary, report.findings
    yield f"Seed {report.plan.seed}, {report.seconds:.0f} s, {diary.operations:,} operations of 16 callers in"
    yield f"{report.plan.tenants} tenants; {sum(report.faults.done.values())} faults."
    yield ""
    yield "| Operation | acknowledged | refused | unanswered |"
    yield "|---|--:|--:|--:|"
    for kind, counts in diary.by_kind():
        yield f"| {kind} | " + " | ".join(f"{count:,}" for count in counts.values()) + " |"
    yield ""
    yield "| Fault | times |"
    yield "|---|--:|"
    yield from (f"| {name} | {count} |" for name, count in sorted(report.faults.done.items()))
    yield ""
    yield "| Looked for | found | of | 95 % bound |"
    yield "|---|--:|--:|--:|"
    acknowledged, refused = diary.count("acknowledged"), diary.count("refused")
    asked = findings.notes["mails asked for"]
    yield _row("acknowledged, and not stored or not told by an event", findings.lost, acknowledged)
    yield _row("refused or deleted, and stored", findings.unwanted, refused)
    yield _row("stored or told twice", findings.duplicated, acknowledged)
    yield _row("not delivered to a listener, or not mailed", findings.undelivered, asked)
    yield ""
    yield from (f"{name}: {count:,}" for name, count in findings.notes.items())
    for wrong in (findings.lost, findings.unwanted, findings.duplicated, findings.undelivered):
        yield from (f"- {each}" for each in wrong[:_EXAMPLES])


def _row(what: str, wrong: list[str], of: int) -> str:
    bound = f"{3 / of:.2%}" if of and not wrong else "—"
    return f"| {what} | {len(wrong)} | {of:,} | {bound} |"

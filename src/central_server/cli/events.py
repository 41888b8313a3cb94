# ruff: noqa: PLC0415  (the services are imported when they are needed)

from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.failures import CommandError
from central_server.cli.screen import in_utc, print_table
from central_server.cli.services import with_services
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wireup import AsyncContainer

    from central.kernel.ids import EventId
    from central_server.infra.outbox.tables import DBDeadLetter

Listener = Annotated[str | None, typer.Option(help="Only of this listener.", show_default=False)]
Event = Annotated[str | None, typer.Argument(help="The event, as `dead-letters` shows it.", show_default=False)]
_COLUMNS = ("event", "kind", "tenant", "listener", "attempts", "given up at", "error")


def dead_letters(
    *, listener: Listener = None, limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100
) -> None:
    """List events that a listener was given in vain, the newest first, and why."""

    async def work(container: "AsyncContainer") -> "Sequence[DBDeadLetter]":
        from central_server.infra.outbox.dead_letters import DeadLetters

        return await (await container.get(DeadLetters)).TX_list(listener=listener, limit=limit)

    print_table(_COLUMNS, [_row(letter) for letter in with_services(work)])


def redrive(
    event: Event = None,
    *,
    listener: Listener = None,
    everything: Annotated[bool, typer.Option("--all", help="Of all listeners.")] = False,
) -> None:
    """Hand events over again that were given up, with as much time as they had, and print how many.

    Name an event, a listener, both, or --all. A core worker does it.
    """
    if not (event or listener or everything):
        raise CommandError("Say which: an event, --listener, or --all.", 2)

    async def work(container: "AsyncContainer") -> int:
        from central_server.infra.outbox.dead_letters import DeadLetters

        return await (await container.get(DeadLetters)).TX_redrive(listener=listener, event=_event_id(event))

    count = with_services(work)
    typer.echo(str(count))
    if not count:
        raise CommandError("Nothing that was given up fits; `central-server events dead-letters` lists what there is.")


def _event_id(text: str | None) -> "EventId | None":
    from central.kernel.ids import EventId

    try:
        return None if text is None else EventId(text)
    except ValueError:
        raise CommandError(f"{text!r} is no event's id, which begins with event-.", 2) from None


def _row(letter: "DBDeadLetter") -> tuple[str, ...]:
    return (
        letter["event_id"],
        letter["kind"] or "(deleted)",
        letter["tenant_id"],
        letter["listener"],
        str(letter["attempts"]),
        in_utc(letter["updated_at"]),
        letter["last_error"] or "",
    )


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    events = family("What happened, on its way to those who listen.", "central-server events dead-letters")
    add_command(events, dead_letters, "central-server events dead-letters", name="dead-letters")
    add_command(
        events,
        redrive,
        "central-server events redrive event-01H2XVNZ7C9NXWK3TMCRD9QWMN",
        "central-server events redrive --listener auth.mail_sign_in_code",
    )
    program.add_typer(events, name="events")

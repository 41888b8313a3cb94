# ruff: noqa: PLC0415  (cryptography is imported when it is needed)

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.screen import progress
from central_server.cli.services import with_services
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from wireup import AsyncContainer

_HELP = "Make the keys that seal secrets and sign codes, and rotate them."


def new_key() -> str:
    """Make a key as a setting holds it: an id of today's date and chance, and 256 random bits."""
    from central_server.infra.vault import generate_key

    return f"k{datetime.now(UTC):%Y%m%d}{secrets.token_hex(2)}:{generate_key()}"


def new() -> None:
    """Make keys, as two lines to paste into the settings.

    To rotate, put a new key before the old one, separated by a comma, restart every process, run
    `central-server keys rotate`, and take the old key out.
    """
    typer.echo(f"CENTRAL_VAULT_KEYS={new_key()}\nCENTRAL_SIGNING_KEYS={new_key()}")


def rotate(*, batch: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of one transaction.")] = 100) -> None:
    """Wrap every stored secret under the primary vault key, the first of CENTRAL_VAULT_KEYS.

    May run while the server does, and be interrupted and run again. Afterwards the other keys are needed for ten
    minutes more: sign-ins that have begun hold a sealed value for that long. Answers with a link of an invitation,
    kept for repetitions of their requests, are lost with the key that sealed them.
    """

    async def work(container: "AsyncContainer") -> int:
        from central_server.auth.provider_sessions import ProviderSessions
        from central_server.auth.provisioner import Provisioner
        from central_server.auth_connectors.client_secrets import ClientSecrets
        from central_server.invitations.service import InvitationService
        from central_server.webhooks.signing_secrets import SigningSecrets

        secrets, invitations = await container.get(ClientSecrets), await container.get(InvitationService)
        signing = await container.get(SigningSecrets)
        sessions, people = await container.get(ProviderSessions), await container.get(Provisioner)
        done = 0
        with progress("Wrapping secrets anew") as report:
            rewraps = (
                secrets.TX_rewrap,
                invitations.TX_rewrap_tokens,
                sessions.TX_rewrap_id_tokens,
                people.TX_rewrap_profiles,
                signing.TX_rewrap,
            )
            for rewrap in rewraps:
                while count := await rewrap(batch):
                    done += count
                    report(f"{done} done")
        return done

    typer.echo(f"{with_services(work)} secrets were wrapped anew; all are under the primary key now.")


def archive() -> None:
    """Show the public key by which other servers believe this one's archives of tenants.

    It goes into CENTRAL_TRUSTED_ARCHIVE_KEYS there. It changes with the first of CENTRAL_SIGNING_KEYS.
    """

    async def work(container: "AsyncContainer") -> str:
        from central_server.infra.archives import ArchiveKeys

        return (await container.get(ArchiveKeys)).public_key

    typer.echo(with_services(work))


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    keys = family(_HELP, "central-server keys new >> central.env")
    add_command(keys, new, "central-server keys new")
    add_command(keys, rotate, "central-server keys rotate", "central-server keys rotate --batch 1000")
    add_command(keys, archive, "central-server keys archive")
    program.add_typer(keys, name="keys")

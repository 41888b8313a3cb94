"""Every operation that changes something writes an event in its own transaction."""

import json

import pytest

from central.access import Anyone, SystemPermission
from central.catalog import CATALOG
from central.kernel.operation import AnyOperation
from support.database import superuser
from support.examples import BINDING, EXAMPLES, MORE_EXAMPLES, Example, Things, names
from support.place import Place
from support.provider import Provider
from support.raw import Raw

# Operations without an event, each with the reason.
WITHOUT = {
    "auth.start_provider": "a sign-in that has only begun; what comes of it is an event",
    "auth.start_device": "the same, of a tool",
    "auth.start_loopback": "the same",
    "auth.exchange_loopback_code": "the example's code is none",
    "auth_connectors.add_secret": "the example has two already; its own tests look for the event",
    "emails.make_mine_primary": "the example is not verified; its own tests look for the event",
    "invitations.get_public": "it only reads: the link's token is no part of an address",
    "auth.poll_device": "nothing has been decided yet",
    "auth.verify_email_code": "the example's code is none",
    "emails.verify": "the example's code is none",
    "users.remove_avatar": "the example has none; its own tests look for the event",
    "tenants.remove_logo": "the same",
    "images.create_upload": "it only says what is to come; that it came is an event",
    "images.complete_upload": "the example is complete already; its own tests look for the event",
    "users.start_import": "it only collects rows; that they are imported is an event",
    "users.add_import_rows": "the same",
    "users.merge": "the example is a dry run",
    "units.start_import": "it only collects rows; that they are imported is an event",
    "units.add_import_rows": "the same",
    "units.start_assignment_import": "the same",
    "units.add_assignment_import_rows": "the same",
    "invitations.accept": "the example's invitee has to sign in first",
    "events.acknowledge": "a reader's place is nobody's business",
    "auth_connectors.enable": "the example is enabled already",
    "tenants.reactivate": "the example is active already",
    "webhooks.enable_endpoint": "the same",
    "tenants.delete": "the example is not confirmed; its own tests look for the event",
    "tenants.delete_own": "the same",
    "tenants.start_import": "it only collects an archive; that it is imported is an event",
    "tenants.add_import_part": "the same",
    "tenants.run_import": "the example is of no import of the operator's; its own tests look for the event",
    "tenants.restore": "the example is not to be deleted; its own tests look for the event",
    "users.enable": "the example is active already",
    "units.restore": "the example is in use already; its own tests look for the event",
    "domains.verify": "the example's proof is not published: its state stays as it is",
}
WRITES = [operation for operation in CATALOG if operation.method != "GET"]


@pytest.mark.parametrize("operation", WRITES, ids=names)
async def test_write_emits_an_event(place: Place, operation: AnyOperation) -> None:
    """A request that was carried out leaves at least one event; one that was refused leaves none of a change."""
    async with Provider() as provider:
        things = await Things.of(place, provider)
        client = place.owner
        if isinstance(operation.access, SystemPermission):
            client = await place.stack.sign_in_operator()
        # The last one is the one that makes something where the first meets what is there already.
        given = (EXAMPLES[operation.name], *MORE_EXAMPLES.get(operation.name, ()))[-1]
        example = Example.of_fields(operation, given(things))
        raw = Raw(place.stack, None if isinstance(operation.access, Anyone) else client)
        async with superuser(place.stack) as connection:
            before = await connection.fetchval("SELECT count(*) FROM outbox")
            reply = await raw.send(example.method, example.target, example.body, BINDING)
            after = await connection.fetchval("SELECT count(*) FROM outbox")
            told = await connection.fetch(
                "SELECT target, payload ->> 'version' AS version FROM outbox ORDER BY created_at DESC LIMIT $1",
                after - before,
            )
    if operation.name not in WITHOUT:
        assert reply.status < 300, reply.body
        assert after > before, f"{operation.name} changed something without an event"
        result = json.loads(reply.body or "null")
        if operation.output is not None and {"id", "version"} <= set(getattr(operation.output, "model_fields", ())):
            versions = {row["version"] for row in told if row["target"] in {result["id"], None}}
            assert str(result["version"]) in versions, f"{operation.name} does not tell the version of {result['id']}"


def test_exceptions_are_operations() -> None:
    """An exception for an operation that is no more is taken out."""
    assert set(WITHOUT) <= {operation.name for operation in WRITES}

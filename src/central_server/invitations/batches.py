from pydantic import ValidationError

from central.errors import CentralError, ConflictError, ValidationFailedError
from central.invitations.models import (
    CreateInvitationInput,
    CreateInvitationsInput,
    CreateInvitationsResponse,
    InvitationItemInput,
    InvitationOutcome,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, WriteExecutor
from central_server.invitations.service import InvitationService


class InvitationBatches:
    """Many invitations at once: what is wrong with one is its own problem."""

    def __init__(self, db: Database, invitations: InvitationService) -> None:
        self.db = db
        self.invitations = invitations

    async def TX_create_invitations(self, input: CreateInvitationsInput, actor: Actor) -> CreateInvitationsResponse:
        """Invite many in one transaction, and say of each, in order, what became of it.

        They are made in the order of their addresses, so that two batches never wait for each other in a ring.
        """
        in_order = sorted(enumerate(input.items), key=lambda pair: pair[1].email.strip().lower())
        outcomes: dict[int, InvitationOutcome] = {}
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            invited: set[str] = set()
            for place, item in in_order:
                outcomes[place] = await self._invite(item, invited, input, actor, tx)
        return CreateInvitationsResponse(outcomes=[outcomes[place] for place in range(len(input.items))])

    async def _invite(
        self,
        item: InvitationItemInput,
        invited: set[str],
        batch: CreateInvitationsInput,
        actor: Actor,
        tx: WriteExecutor,
    ) -> InvitationOutcome:
        try:
            one = _checked(item, batch)
            if one.email.lower() in invited:
                raise ConflictError("The same address stands before in this batch.", code="duplicate_email")
            async with tx.savepoint() as part:
                answer = await self.invitations.invite(one, actor, part)
        except CentralError as error:
            if error.status >= 500:
                raise
            return InvitationOutcome(problem=_problem(error), detail=str(error))
        invited.add(one.email.lower())
        return InvitationOutcome(
            invitation=answer.invitation,
            created=answer.created,
            mail_requested=answer.mail_requested,
            link=answer.link,
        )


def _checked(item: InvitationItemInput, batch: CreateInvitationsInput) -> CreateInvitationInput:
    """Judge an item as if it had come alone; raises `ValidationFailedError`."""
    fields = item.model_dump() | {"expires_in_days": batch.expires_in_days, "send": batch.send}
    try:
        return CreateInvitationInput.model_validate(fields)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None


def _problem(error: CentralError) -> str:
    """Give the word for what was wrong: of the first field, if it was one."""
    return error.field_errors[0].code if error.field_errors else error.code

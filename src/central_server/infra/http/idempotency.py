"""`Idempotency-Key`: a keyed request takes effect once, and every repetition gets the first answer."""

import hashlib
from dataclasses import dataclass

from central.errors import BadRequestError, ConflictError, UnauthenticatedError
from central_server.infra.actor import Actor
from central_server.infra.db import Database, Unit, WriteExecutor, register_conflict
from central_server.infra.http.queries import ANSWER, CLAIM, FIND
from central_server.infra.vault import Vault, VaultError, associated_data

_LONGEST_KEY = 255

# Whoever asks was deleted since their session was looked up.
register_conflict(
    "fk_idempotency_keys_tenant_id_user_id_users",
    lambda: UnauthenticatedError("Sign in first; this session has ended or never was."),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered."""

    status: int
    body: bytes


class AnsweredBeforeError(Exception):
    """The key was used before for the same request; `answer` is what it got."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


class KeyedRequest:
    """One request with a key: its unit of work claims the key first and keeps the answer in the same transaction.

    Concurrent repetitions wait for the first; a failed request leaves no trace, so that it may be tried again.
    With a `vault` the answer holds a credential, and is sealed.
    """

    def __init__(
        self,
        database: Database,
        actor: Actor,
        key: bytes,
        operation: str,
        path: str,
        body: bytes,
        vault: Vault | None = None,
    ) -> None:
        self._actor = actor
        self._vault = vault
        self._key = _checked(key)
        self._hash = hashlib.sha256(b"\0".join((operation.encode(), path.encode(), body))).digest()
        self.unit: Unit = database.unit(actor.tenant_id, self._claim)

    async def keep(self, answer: Answer) -> None:
        """Store the answer and commit; does nothing when the request wrote nothing."""

        async def store(executor: WriteExecutor) -> None:
            await executor.execute(
                ANSWER,
                of_tenant=self._actor.tenant_id,
                of_user=self._actor.user_id,
                of_key=self._key,
                new_status=answer.status,
                new_body=answer.body if self._vault is None else self._vault.seal(answer.body, self._place()),
            )

        await self.unit.commit(store if self.unit.started else None)

    async def _claim(self, executor: WriteExecutor) -> None:
        row = {"tenant_id": self._actor.tenant_id, "user_id": self._actor.user_id, "key": self._key}
        if await executor.execute(CLAIM, **row, request_hash=self._hash):
            return
        found = await executor.first(FIND, **row)
        if found is None:
            raise ConflictError("A request with this Idempotency-Key is under way.", code="idempotency_key_in_use")
        if found["request_hash"] != self._hash:
            raise ConflictError(
                "This Idempotency-Key was used for another request; take a new one.", code="idempotency_key_reused"
            )
        raise AnsweredBeforeError(Answer(found["status"], self._opened(found["body"])))

    def _opened(self, body: bytes) -> bytes:
        if self._vault is None:
            return body
        try:
            return self._vault.open(body, self._place())
        except VaultError:
            raise ConflictError(
                "This was done before, and its answer cannot be read any more; take a new Idempotency-Key.",
                code="idempotent_answer_lost",
            ) from None

    def _place(self) -> str:
        row = hashlib.sha256(f"{self._actor.user_id}|{self._key}".encode()).hexdigest()
        return associated_data(self._actor.tenant_id, "idempotency_keys", "body", row)


def _checked(key: bytes) -> str:
    text = key.decode("latin-1")
    if not 0 < len(text) <= _LONGEST_KEY or not text.isascii() or not text.isprintable():
        raise BadRequestError(
            f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable ASCII characters.", code="malformed_idempotency_key"
        )
    return text

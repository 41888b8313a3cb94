"""Sixteen programs that use the API as careful programs do, and write down what they are told."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, TypeVar

from central_client import AsyncCentral, CentralError, ConflictError, NotFoundError, ValidationFailedError
from crash.diary import Diary, Outcome, Person, Value

T = TypeVar("T")
_FIRST_SERVER_FAULT = 500
_NO_ANSWER = 0


class Caller:
    """One of them: it has people of its own, whom nobody else changes, and does one thing after the other."""

    def __init__(self, number: int, client: AsyncCentral, tenant: str, seed: int, diary: Diary) -> None:
        self.number = number
        self.client = client
        self.tenant = tenant
        self.random = Random(f"{seed}-{number}")
        self.diary = diary
        self.people: list[Person] = []
        self.count = 0
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.create: 30, self.rename: 18, self.tag: 18, self.disable: 6, self.enable: 6,
            self.delete: 4, self.invite: 8, self.create_twice: 5, self.create_wrongly: 5,
        }  # fmt: skip
        self._acts, self._weights = list(acts), list(acts.values())

    async def run(self, is_over: Callable[[], bool]) -> None:
        """Go on until it is over."""
        while not is_over():
            (act,) = self.random.choices(self._acts, self._weights)
            await act()

    async def create(self) -> None:
        """Make a person."""
        person = Person(self._address(), self.tenant)
        self.diary.people.append(person)
        outcome, user = await self._ask("users.create", self.client.users.create(email=person.email, roles=["member"]))
        if outcome == "refused":
            self.diary.refused.append(person.email)
            person.presence = "gone"
        if user is not None:
            person.id, person.presence = user.id, "there"
            person.values = {"display_name": Value(user.display_name), "tag": Value(None), "state": Value("active")}
            self.people.append(person)

    async def rename(self) -> None:
        """Give a person another name."""
        if (person := self._somebody()) is not None:
            name = f"Name {self._next()}"
            outcome, _ = await self._ask("users.update", self.client.users.update(user=person.id, display_name=name))
            self._note(person, "display_name", name, outcome)

    async def tag(self) -> None:
        """Give a person a tag."""
        if (person := self._somebody()) is not None:
            value = self._next()
            asked = self.client.users.set_tags(user=person.id, tags={"crash": value})
            outcome, _ = await self._ask("users.set_tags", asked)
            self._note(person, "tag", value, outcome)

    async def disable(self) -> None:
        """Disable a person."""
        if (person := self._somebody()) is not None:
            outcome, _ = await self._ask("users.disable", self.client.users.disable(user=person.id))
            self._note(person, "state", "disabled", outcome)

    async def enable(self) -> None:
        """Enable a person."""
        if (person := self._somebody()) is not None:
            outcome, _ = await self._ask("users.enable", self.client.users.enable(user=person.id))
            self._note(person, "state", "active", outcome)

    async def delete(self) -> None:
        """Delete a person."""
        if (person := self._somebody()) is not None:
            outcome, _ = await self._ask("users.delete", self.client.users.delete(user=person.id))
            self.people.remove(person)
            # Nobody else deletes them: to find nobody is to repeat what was done, and whose answer did not come.
            person.presence = "maybe" if outcome == "unknown" else "gone"

    async def invite(self) -> None:
        """Invite somebody by mail."""
        asked = self.client.invitations.create(email=self._address(), roles=["member"])
        _, created = await self._ask("invitations.create", asked)
        if created is not None:
            self.diary.invited.append(created.invitation.id)

    async def create_twice(self) -> None:
        """Make a person whose address is taken, which is refused."""
        if (person := self._somebody()) is not None:
            await self._ask("users.create, taken", self.client.users.create(email=person.email, roles=["member"]))

    async def create_wrongly(self) -> None:
        """Make a person with a role that is not there, which is refused."""
        email = self._address()
        outcome, _ = await self._ask(
            "users.create, wrong", self.client.users.create(email=email, roles=["no-such-role"])
        )
        if outcome == "refused":
            self.diary.refused.append(email)

    async def _ask(self, kind: str, asked: Awaitable[T]) -> tuple[Outcome, T | None]:
        outcome, result = await _outcome(asked)
        self.diary.outcomes[kind, outcome] += 1
        return outcome, result

    def _note(self, person: Person, field: Any, value: Any, outcome: Outcome) -> None:
        person.values[field].note(value, outcome)

    def _somebody(self) -> Person | None:
        return self.random.choice(self.people) if self.people else None

    def _next(self) -> str:
        self.count += 1
        return f"{self.number}-{self.count}"

    def _address(self) -> str:
        return f"p{self._next()}@crash.example"


async def _outcome(asked: Awaitable[T]) -> tuple[Outcome, T | None]:
    try:
        return "acknowledged", await asked
    except (ConflictError, NotFoundError, ValidationFailedError):
        return "refused", None
    except CentralError as error:
        if error.status == _NO_ANSWER or error.status >= _FIRST_SERVER_FAULT:
            return "unknown", None
        raise


async def call(callers: list[Caller], wanted: int, diary: Diary, tell: Callable[[int], None]) -> None:
    """Let all callers work until so many operations were asked for."""

    def is_over() -> bool:
        tell(diary.operations)
        return diary.operations >= wanted

    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(caller.run(is_over))

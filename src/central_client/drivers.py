"""What drives a flow: by blocking, or on an event loop. Everything else is the same for both clients."""

import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from central.kernel.model import Input
from central.kernel.pages import Page
from central_client.core import Core
from central_client.following import AsyncChanges, Changes, Watch
from central_client.messages import Fetch, Flow, Outcome, Outgoing, Step, Wait
from central_client.pages import AsyncPager, Pager
from central_client.plan import Plan

T = TypeVar("T")
TransportT = TypeVar("TransportT")


class SyncTransport(Protocol):
    """Sends by blocking."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Give the answer, or why there is none."""
        ...

    def fetch(self, fetch: Fetch) -> Outcome:
        """Do the same, with a successful body going where it is to go."""
        ...

    def close(self) -> None:
        """Close what this library opened."""
        ...


class AsyncTransport(Protocol):
    """Sends on the running event loop."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Give the answer, or why there is none."""
        ...

    async def fetch(self, fetch: Fetch) -> Outcome:
        """Do the same, with a successful body going where it is to go."""
        ...

    async def aclose(self) -> None:
        """Close what this library opened."""
        ...


def next_page(given: Input, cursor: str | None) -> Input:
    """Give the input for the page at `cursor`."""
    return given if cursor is None else given.model_copy(update={"cursor": cursor})


class Caller(Core[TransportT], ABC):
    """Makes callables of operations, for the resources."""

    @abstractmethod
    def run(self, flow: Flow[T]) -> Any:
        """Drive a flow to its result, or to a coroutine for it."""

    @abstractmethod
    def bind(self, plan: Plan[Any]) -> Callable[..., Any]:
        """Give the callable for one operation."""

    @abstractmethod
    def bind_pages(self, plan: Plan[Page[Any]]) -> tuple[Callable[..., Any], type[Any]]:
        """Give the callable for one list, and the class of what it gives."""

    @abstractmethod
    def follow(self, watch: Watch) -> Any:
        """Give a job at each change."""


class SyncCaller(Caller[SyncTransport]):
    """Calls by blocking; safe to share between threads."""

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow to its result."""
        outcome: Any = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as done:
                result: T = done.value
                return result
            outcome = self._perform(step)

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Outgoing):
            return self.shared.transport().send(step)
        if isinstance(step, Fetch):
            return self.shared.transport().fetch(step)
        if isinstance(step, Wait):
            return time.sleep(step.seconds)
        return step.question()

    def bind(self, plan: Plan[T]) -> Callable[..., T]:
        """Give the callable for one operation."""

        def call(**arguments: Any) -> T:
            return self.run(self.call(plan, plan.check(arguments)))

        return call

    def bind_pages(self, plan: Plan[Page[T]]) -> tuple[Callable[..., Pager[T]], type[Any]]:
        """Give the callable for one list."""

        def call(**arguments: Any) -> Pager[T]:
            given = plan.check(arguments)
            return Pager(plan.operation.name, lambda cursor: self.run(self.call(plan, next_page(given, cursor))))

        return call, Pager

    def follow(self, watch: Watch) -> Changes:
        """Give a job at each change."""
        return Changes(lambda: self.run(watch.next_change(self)))


class AsyncCaller(Caller[AsyncTransport]):
    """Calls on one event loop: the one of its first call."""

    async def run(self, flow: Flow[T]) -> T:
        """Drive a flow to its result."""
        outcome: Any = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as done:
                result: T = done.value
                return result
            outcome = await self._perform(step)

    async def _perform(self, step: Step) -> Any:
        if isinstance(step, Outgoing):
            return await self.shared.transport().send(step)
        if isinstance(step, Fetch):
            return await self.shared.transport().fetch(step)
        if isinstance(step, Wait):
            from asyncio import sleep  # noqa: PLC0415 (a blocking client does without asyncio, which is 15 ms of import)

            return await sleep(step.seconds)
        answer = step.question()
        return await answer if inspect.isawaitable(answer) else answer

    def bind(self, plan: Plan[T]) -> Callable[..., Any]:
        """Give the callable for one operation."""

        async def call(**arguments: Any) -> T:
            return await self.run(self.call(plan, plan.check(arguments)))

        return call

    def bind_pages(self, plan: Plan[Page[T]]) -> tuple[Callable[..., AsyncPager[T]], type[Any]]:
        """Give the callable for one list."""

        def call(**arguments: Any) -> AsyncPager[T]:
            given = plan.check(arguments)
            return AsyncPager(plan.operation.name, lambda cursor: self.run(self.call(plan, next_page(given, cursor))))

        return call, AsyncPager

    def follow(self, watch: Watch) -> AsyncChanges:
        """Give a job at each change."""
        return AsyncChanges(lambda: self.run(watch.next_change(self)))

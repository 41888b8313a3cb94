"""What a workflow is called, takes, gives, where it runs and when by itself: all that is shared about it.

Workflow files import this module, so it imports the standard library and pydantic only.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Queue(StrEnum):
    """The queues that workers serve; a worker process serves one of them."""

    CORE = "core"
    MEDIA = "media"


class WorkflowModel(BaseModel):
    """The base of what workflows and activities take and give: ids and plain values, never a secret.

    Histories outlive releases, so unknown fields are ignored; new fields need defaults.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


I = TypeVar("I", bound=WorkflowModel)  # noqa: E741 (the input, as the design calls it)
O = TypeVar("O", bound=WorkflowModel)  # noqa: E741 (the output)


@dataclass(frozen=True, slots=True)
class WorkflowSpec(Generic[I, O]):
    """One kind of workflow, declared once in a domain's `specs.py`.

    `run_timeout` bounds one run, its retries included. A name that is taken is a `TypeError`, at import.
    """

    registry: ClassVar[dict[str, "WorkflowSpec[Any, Any]"]] = {}

    name: str
    queue: Queue
    input: type[I]
    output: type[O]
    run_timeout: timedelta | None = None

    def __post_init__(self) -> None:
        if self.name in WorkflowSpec.registry:
            raise TypeError(f"workflow name {self.name!r} is taken")
        WorkflowSpec.registry[self.name] = self


@dataclass(frozen=True, slots=True)
class ScheduleSpec(Generic[I, O]):
    """Starts a workflow again and again, one at a time: declared once, beside its `WorkflowSpec`.

    It starts at each whole multiple of `every` since 1970 (UTC), `offset` later, unless the one before still runs.
    After an absence of Temporal it starts once for all that were missed. A workflow has at most one schedule: a second
    one is a `TypeError`, at import.
    """

    registry: ClassVar[dict[str, "ScheduleSpec[Any, Any]"]] = {}

    workflow: WorkflowSpec[I, O]
    input: I
    every: timedelta
    offset: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.workflow.name in ScheduleSpec.registry:
            raise TypeError(f"workflow {self.workflow.name!r} has a schedule already")
        ScheduleSpec.registry[self.workflow.name] = self

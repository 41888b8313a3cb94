import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from central_server.infra.outbox import WorkflowListener
from central_server.infra.outbox.specs import HAND_OVER
from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowSpec
from central_server.infra.temporal.worker import activity_methods
from central_server.parts import make_listeners
from central_server.worker.run import ACTIVITIES
from central_server.worker.schedules import SCHEDULES
from central_server.worker.workflows.core import CORE_WORKFLOWS
from central_server.worker.workflows.media import MEDIA_WORKFLOWS

migration = import_module("central_server.infra.db.migrations.versions.0016_event_handovers")
WORKFLOWS = {Queue.CORE: CORE_WORKFLOWS, Queue.MEDIA: MEDIA_WORKFLOWS}
EVERY = [workflow for workflows in WORKFLOWS.values() for workflow in workflows]


def definition(workflow: type) -> Any:
    return getattr(workflow, "__temporal_workflow_definition")


@pytest.mark.parametrize("queue", Queue)
def test_each_spec_has_its_workflow(queue: Queue):
    """What may be started on a queue is what its worker registers, with the same input and output."""
    specs = {s.name: s for s in WorkflowSpec.registry.values() if s.queue is queue and s.name[:6] != "tests."}
    registered = {definition(workflow).name: definition(workflow) for workflow in WORKFLOWS[queue]}
    assert specs.keys() == registered.keys()
    for name, spec in specs.items():
        assert registered[name].arg_types == [spec.input]
        assert registered[name].ret_type is spec.output


@pytest.mark.parametrize("workflow", EVERY)
def test_workflow_files_import_little(workflow: type):
    """Workflow files import specs, activities, temporalio and the standard library: they are imported for each run."""
    tree = ast.parse(Path(sys.modules[workflow.__module__].__file__ or "").read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    for module in modules:
        ours = module.startswith("central_server.") and (".activities." in module or module.endswith(".specs"))
        assert ours or module.partition(".")[0] in {*sys.stdlib_module_names, "temporalio"}


def test_each_schedule_is_kept():
    """What is declared to come round is what the core worker keeps, and starts a workflow that a worker registers."""
    declared = {name for name in ScheduleSpec.registry if name[:6] != "tests."}
    assert declared == {schedule.workflow.name for schedule in SCHEDULES}
    assert declared <= {definition(workflow).name for workflow in EVERY}
    assert all(isinstance(schedule.input, schedule.workflow.input) for schedule in SCHEDULES)


def test_listeners_start_known_workflows():
    """Every listener starts a workflow that a worker registers; what is handed over in batches has one of its own."""
    names = {definition(workflow).name for workflow in EVERY}
    listeners = make_listeners()
    single = [listener for listener in listeners if isinstance(listener, WorkflowListener)]
    assert {listener.spec.name for listener in single} <= names
    assert HAND_OVER.name in names


def test_migration_knows_the_listeners():
    """Events that are on their way when the outbox changes its form go on to the listeners that there are."""
    kept = {(each.kind, each.name, int(each.retries.within)) for each in make_listeners()}
    found = re.findall(r"\('([a-z_.]+)', '([a-z_.]+)', (\d+)\)", migration.UP)
    assert {(kind, name, int(within)) for kind, name, within in found} <= kept
    assert len(found) == 6


@pytest.mark.parametrize("activity", [activity for classes in ACTIVITIES.values() for activity in classes])
def test_activities_are_found(activity: type):
    """Every listed class has an activity."""
    assert activity_methods([object.__new__(activity)])

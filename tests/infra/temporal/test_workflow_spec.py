import ast
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from central_server.infra.temporal import spec as module
from central_server.infra.temporal.spec import Queue, WorkflowSpec
from support.sample_specs import SAMPLE, SampleInput, SampleOutput


def test_name_is_unique():
    """Two workflows of one name are refused when the second is declared."""
    with pytest.raises(TypeError, match="taken"):
        WorkflowSpec("tests.sample", Queue.MEDIA, SampleInput, SampleOutput)
    assert WorkflowSpec.registry["tests.sample"] is SAMPLE


def test_spec_cannot_change():
    """The queue of a workflow stays what was declared."""
    with pytest.raises(FrozenInstanceError):
        SAMPLE.queue = Queue.MEDIA  # type: ignore[misc]  # what the test is about


def test_spec_module_imports_little():
    """Workflow files may import the module of specs: it imports the standard library and pydantic only."""
    nodes = ast.walk(ast.parse(Path(module.__file__).read_text()))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported <= {*sys.stdlib_module_names, "pydantic"}

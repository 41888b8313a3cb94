"""Steps of an import in words."""

from collections.abc import Mapping
from typing import Any

from central_server.assignment_imports.planning import Step
from central_server.units.mapping import written


def told(step: Step) -> str:
    """Say for people what a step does."""
    match step.kind:
        case "assign":
            return (
                f"assign {step.email} to {step.unit_name}{_as(step.fields)} {_from(step.fields)}{_until(step.fields)}"
            )
        case "change":
            return f"change {step.email} in {step.unit_name}: {', '.join(_changes(step.fields))}"
        case "end":
            return f"end {step.email} in {step.unit_name}{_as(step.fields)}"


def _changes(fields: Mapping[str, Any]) -> list[str]:
    changes: list[str] = []
    if "role" in fields:
        changes.append(_as(fields).strip() or "without a role")
    if "starts_at" in fields:
        changes.append(_from(fields))
    if "ends_at" in fields:
        changes.append(_until(fields).strip() or "without an end")
    return changes


def _as(fields: Mapping[str, Any]) -> str:
    return "" if fields["role"] is None else f" as {fields['role']}"


def _from(fields: Mapping[str, Any]) -> str:
    return "from now" if fields["starts_at"] is None else f"from {written(fields['starts_at'])}"


def _until(fields: Mapping[str, Any]) -> str:
    return "" if fields["ends_at"] is None else f" until {written(fields['ends_at'])}"

"""`docs/api.md`, written from the catalog: `python -m central.docs docs/api.md`, or without a file to the terminal."""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from types import NoneType

from pydantic.alias_generators import to_camel

from central.access import SystemPermission, TenantPermission, UnitPermission
from central.catalog import BROWSER_ROUTES, CATALOG
from central.kernel.operation import AnyOperation
from central.kernel.pages import PageInput

_HEAD = """# API

Every operation, as the catalog declares it. The page is made by `nox -s docs`; a test compares the two. The schemas of
inputs and answers are in the OpenAPI document, `/openapi.json` of a running server, which shows it at `/docs`.

Any operation may also answer 400, 413, 429, 500 and 503. `…` stands for a default. A `POST` or `PATCH` of somebody who
is signed in takes an `Idempotency-Key`.

**Fresh**: who calls must have signed in, or signed in again, within the last ten minutes; else the answer is 403 with
the code `reauthentication_required`. Some other operations need it for some inputs, and say so. **Not in another's
name**: 403 with the code `impersonation_refused` for whoever impersonates.
"""


def api_page() -> str:
    """Write the page."""
    return "\n".join([_HEAD, *_operations(), *_browser_routes()])


def _operations() -> Iterator[str]:
    for resource, operations in groupby(CATALOG, lambda operation: operation.resource):
        yield f"## {resource}\n"
        for operation in operations:
            yield from _operation(operation)


def _operation(operation: AnyOperation) -> Iterator[str]:
    about = cleandoc(operation.input_class.__doc__ or "")
    yield f"### {operation.name}\n"
    yield f"`{operation.method} {operation.path}` → {operation.status}{_output(operation)}, for {_access(operation)}.\n"
    if conditions := " ".join(_conditions(operation)):
        yield f"{conditions}\n"
    yield f"{operation.summary}. {operation.description}".rstrip() + "\n"
    yield f"    client.{operation.name}({', '.join(_arguments(operation))})\n"
    yield f"{about}\n"
    if described := list(_described_fields(operation)):
        yield from (*described, "")
    yield f"Errors: {', '.join(f'`{error.__name__}` {error.status}' for error in operation.all_errors)}.\n"


def _described_fields(operation: AnyOperation) -> Iterator[str]:
    for name, field in operation.input_class.model_fields.items():
        if field.description and name not in PageInput.model_fields and name != "tenant":
            yield f"- `{name}` (`{to_camel(name)}` in JSON): {field.description}"


def _output(operation: AnyOperation) -> str:
    return "" if operation.output is NoneType else f" `{operation.output.__name__}`"


def _access(operation: AnyOperation) -> str:
    match operation.access:
        case UnitPermission(permission):
            return f"users of the tenant with the permission `{permission}`, also by a role in the unit or one above"
        case TenantPermission(permission):
            return f"users of the tenant with the permission `{permission}`"
        case SystemPermission(permission):
            return f"operators with the system permission `{permission}`"
        case access:
            return "any signed-in user of the tenant" if access.schemes else "anyone"


def _conditions(operation: AnyOperation) -> Iterator[str]:
    if operation.needs_fresh:
        yield "**Fresh.**"
    if operation.refuses_impersonation:
        yield "**Not in another's name.**"


def _arguments(operation: AnyOperation) -> Iterator[str]:
    for name, field in operation.input_class.model_fields.items():
        if operation.in_tenant and name == "tenant":
            continue
        yield name if field.is_required() else f"{name}=…"


def _browser_routes() -> Iterator[str]:
    yield "## What is no JSON call\n"
    yield "| route | for |"
    yield "|---|---|"
    yield from (f"| `{route.method} {route.path}` | {route.summary} |" for route in BROWSER_ROUTES)
    yield ""


if __name__ == "__main__":
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(api_page(), encoding="utf-8")
    else:
        sys.stdout.write(api_page())

"""The OpenAPI document: valid, complete, and made of named schemas."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from central.catalog import CATALOG
from central.errors import WIRE_ERRORS
from central.kernel.operation import AnyOperation
from support.place import Stack


def _schemas_in(node: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            yield from _schemas_in(value, (*where, str(key)))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _schemas_in(value, (*where, str(number)))


def test_document_is_valid(document: dict[str, Any]) -> None:
    """A real validator finds nothing wrong."""
    OpenAPIV31SpecValidator(document).validate()


def test_no_object_is_inlined(document: dict[str, Any]) -> None:
    """Every object schema is a named one, but for maps; parameters, bodies and answers refer to it."""
    inlined = [
        where
        for where, node in _schemas_in(document)
        if "properties" in node and isinstance(node["properties"], dict) and where[:2] != ("components", "schemas")
    ]
    assert inlined == []
    nested = [
        where
        for where, node in _schemas_in(document["components"]["schemas"])
        if node.get("type") == "object" and "properties" in node and len(where) > 1
    ]
    assert nested == []


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    """No reference is dead, and no schema is left over."""
    used = {node["$ref"] for _, node in _schemas_in(document) if isinstance(node.get("$ref"), str)}
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    responses = {f"#/components/responses/{name}" for name in document["components"]["responses"]}
    assert used <= schemas | responses
    # Inputs of GET and DELETE travel in parameters, which refer to no schema as a whole.
    in_parameters = {f"#/components/schemas/{o.input_class.__name__}" for o in CATALOG if not o.sends_body}
    assert schemas - used - in_parameters == set()


@pytest.mark.parametrize("operation", CATALOG, ids=lambda operation: operation.name)
def test_operation_is_described(document: dict[str, Any], operation: AnyOperation) -> None:
    """Each has its id, its access, its errors as problem details, and its parameters where they travel."""
    described = document["paths"][operation.path][operation.method.lower()]
    assert described["operationId"] == operation.name
    assert described["security"] == ([{"TenantUserCookie": []}] if operation.access.schemes else [])
    statuses = {str(operation.status), *(str(error.status) for error in operation.all_errors), "429", "500", "503"}
    assert set(described["responses"]) == statuses
    for error in operation.all_errors:
        assert described["responses"][str(error.status)] == {"$ref": f"#/components/responses/{error.__name__}"}
    in_path = [parameter["name"] for parameter in described["parameters"] if parameter["in"] == "path"]
    assert in_path == list(operation.path_names)
    if operation.sends_body:
        schema = document["components"]["schemas"][operation.input_class.__name__]
        assert not set(operation.path_names) & set(schema.get("properties", {}))
        assert schema["additionalProperties"] is False


def test_the_one_scheme(document: dict[str, Any]) -> None:
    """Who calls is told by a cookie."""
    assert list(document["components"]["securitySchemes"]) == ["TenantUserCookie"]
    scheme = document["components"]["securitySchemes"]["TenantUserCookie"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "cookie", "central_session")
    assert set(document["components"]["responses"]) == {error.__name__ for error in WIRE_ERRORS}


async def test_server_serves_this_document(document: dict[str, Any], stack: Stack) -> None:
    """What the server gives out is the catalog's document."""
    async with stack.http() as http:
        answer = await http.get("/openapi.json")
    assert answer.json() == document

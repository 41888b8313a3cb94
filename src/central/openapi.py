"""The OpenAPI 3.1 document, built from the catalog alone."""

from types import NoneType
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from central.access import TENANT_USER_COOKIE, SystemPermission, TenantPermission, UnitPermission
from central.catalog import CATALOG
from central.errors import (
    ERRORS_BY_STATUS,
    CentralError,
    InternalServerError,
    ProblemDetails,
    RateLimitedError,
    UnavailableError,
)
from central.kernel.operation import AnyOperation
from central.kernel.wire import IDEMPOTENCY_KEY_HEADER, PROBLEM_CONTENT_TYPE, SESSION_COOKIE

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
JsonObject = dict[str, Any]


def openapi_document(*, version: str = "1") -> JsonObject:
    """Build the document: every operation with its input, output, access and errors."""
    schemas = _schemas()
    paths: JsonObject = {}
    for operation in CATALOG:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Central",
            "version": version,
            "description": "Identity and tenant administration.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _security_schemes(), "responses": _error_responses()},
        "tags": [{"name": name} for name in dict.fromkeys(operation.resource for operation in CATALOG)],
    }


def _schemas() -> JsonObject:
    """Give the schema of every input and output by its class's name; nothing is inlined."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDetails, "serialization")]
    for operation in CATALOG:
        models.append((operation.input_class, "validation"))
        if operation.output is not NoneType:
            models.append((operation.output, "serialization"))
    unique = list(dict.fromkeys(models))
    _, definitions = models_json_schema(unique, by_alias=True, ref_template=_REF, schema_generator=GenerateJsonSchema)
    schemas: JsonObject = definitions["$defs"]
    for operation in CATALOG:
        _leave_out_path_fields(operation, schemas[operation.input_class.__name__])
    return dict(sorted(schemas.items()))


def _leave_out_path_fields(operation: AnyOperation, schema: JsonObject) -> None:
    """Take the fields that travel in the path out of the schema of the body."""
    if not operation.sends_body:
        return
    names = {to_camel(name) for name in operation.path_names}
    schema["properties"] = {key: value for key, value in schema.get("properties", {}).items() if key not in names}
    if required := [name for name in schema.get("required", []) if name not in names]:
        schema["required"] = required
    else:
        schema.pop("required", None)


def _operation(operation: AnyOperation) -> JsonObject:
    document: JsonObject = {
        "operationId": operation.name,
        "tags": [operation.resource],
        "summary": operation.summary,
        "description": "\n\n".join(filter(None, (operation.description, _access(operation)))),
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{scheme.name: []} for scheme in operation.access.schemes],
    }
    if operation.sends_body:
        schema = {"$ref": _REF.format(model=operation.input_class.__name__)}
        document["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return document


def _access(operation: AnyOperation) -> str:
    fresh = " The sign-in must be of the last ten minutes." if operation.needs_fresh else ""
    alone = " Nobody does it in another's name." if operation.refuses_impersonation else ""
    return f"{_caller(operation)}{fresh}{alone}"


def _caller(operation: AnyOperation) -> str:
    match operation.access:
        case UnitPermission(permission):
            return f"Needs the permission `{permission}` in the tenant, or by a role in the unit or one above."
        case TenantPermission(permission):
            return f"Needs the permission `{permission}` in the tenant."
        case SystemPermission(permission):
            return f"Needs the system permission `{permission}`."
        case access:
            return "For any signed-in user of the tenant." if access.schemes else "For anyone."


def _parameters(operation: AnyOperation) -> list[JsonObject]:
    properties: JsonObject = operation.input_class.model_json_schema(by_alias=True, ref_template=_REF)["properties"]
    parameters = [_parameter(to_camel(name), "path", properties, required=True) for name in operation.path_names]
    if not operation.sends_body:
        parameters += [
            _parameter(
                to_camel(name), "query", properties, required=operation.input_class.model_fields[name].is_required()
            )
            for name in operation.field_names
        ]
    elif operation.access.schemes:
        parameters.append(
            {
                "name": IDEMPOTENCY_KEY_HEADER,
                "in": "header",
                "required": False,
                "description": "Repetitions with the same key get the first answer, for a day.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return parameters


def _parameter(name: str, place: str, properties: JsonObject, *, required: bool) -> JsonObject:
    schema = dict(properties[name])
    description = schema.pop("description", None)
    return {
        "name": name,
        "in": place,
        "required": required,
        "schema": _without_null(schema),
        **({"description": description} if description else {}),
    }


def _without_null(schema: JsonObject) -> JsonObject:
    """Take `null` out of the schema of a parameter, where absence says it."""
    arms = [arm for arm in schema.get("anyOf", []) if arm != {"type": "null"}]
    if not arms:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **arms[0]} if len(arms) == 1 else {**rest, "anyOf": arms}


def _responses(operation: AnyOperation) -> JsonObject:
    success: JsonObject = {"description": operation.summary}
    if operation.output is not NoneType:
        schema = {"$ref": _REF.format(model=operation.output.__name__)}
        success["content"] = {_JSON: {"schema": schema}}
    errors: set[type[CentralError]] = {
        *operation.all_errors,
        RateLimitedError,
        InternalServerError,
        UnavailableError,
    }
    references = {
        str(error.status): {"$ref": f"#/components/responses/{error.__name__}"}
        for error in sorted(errors, key=lambda error: error.status)
    }
    return {str(operation.status): success, **references}


def _error_responses() -> JsonObject:
    content = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="ProblemDetails")}}}
    return {
        error.__name__: {"description": (error.__doc__ or error.title).partition(": ")[2].strip(), "content": content}
        for error in ERRORS_BY_STATUS.values()
    }


def _security_schemes() -> JsonObject:
    return {
        TENANT_USER_COOKIE.name: {
            "type": "apiKey",
            "in": TENANT_USER_COOKIE.kind,
            "name": SESSION_COOKIE,
            "description": TENANT_USER_COOKIE.description,
        }
    }

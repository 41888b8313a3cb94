from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, meta
from pydantic import TypeAdapter
from pydantic import ValidationError as PydanticError
from pydantic_core import from_json, to_json

from central.errors import ConflictError, FieldError, ValidationFailedError
from central.kernel.ids import TenantId
from central.users.events import AttributeRulesChanged
from central.users.fields import Attributes
from central.users.models import AttributeRules, SetAttributeRulesInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.users.queries import details

_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_MOST_ERRORS = 20
_ATTRIBUTES: TypeAdapter[dict[str, Any]] = TypeAdapter(Attributes)
# Patterns take time in proportion to the text: a tenant's schema must not stop the server for the others.
_PATTERNS = RegexOptions(size_limit=1_000_000, dfa_size_limit=1_000_000)

Checker = Callable[[Mapping[str, Any]], Sequence[FieldError]]


class UserAttributes:
    """Which attributes of people a tenant allows: a JSON Schema, asked whenever attributes are written."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def get(self, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> AttributeRules:
        """Give the schema of the actor's tenant; the empty one, of version 0, while none was set."""
        reader = executor or self.db.read(actor.tenant_id)
        row = await reader.first(details.GET_ATTRIBUTE_RULES, tenant_id=actor.tenant_id)
        return AttributeRules(json_schema={}, version=0) if row is None else AttributeRules.model_validate({**row})

    async def TX_set(self, input: SetAttributeRulesInput, actor: Actor) -> AttributeRules:
        """Set the schema; `ValidationFailedError` for what is none, `ConflictError` for a stale version."""
        check_schema(input.json_schema)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = await tx.first(
                details.SET_ATTRIBUTE_RULES,
                tenant_id=actor.tenant_id,
                json_schema=input.json_schema,
                expected_version=input.expected_version,
            )
            if row is None or input.expected_version not in {None, row["version"] - 1}:
                raise ConflictError("Somebody else changed the schema first; read it again.", code="version_conflict")
            changed = AttributeRulesChanged.between({}, row, tenant_id=actor.tenant_id)
            await self.outbox.add(changed, actor.by, tx)
        return AttributeRules.model_validate({**row})

    async def merge_allowed(
        self, tenant: TenantId, before: Mapping[str, Any], given: Mapping[str, Any], executor: ReadExecutor
    ) -> dict[str, Any]:
        """Give attributes with what is given put in; of what the tenant's schema does not allow, as it was before."""
        merged = {**before, **given}
        if await self._is_allowed(tenant, merged, executor):
            return merged
        merged = dict(before)
        for name, value in given.items():
            if await self._is_allowed(tenant, {**merged, name: value}, executor):
                merged[name] = value
        return merged

    async def _is_allowed(self, tenant: TenantId, attributes: dict[str, Any], executor: ReadExecutor) -> bool:
        try:
            _ATTRIBUTES.validate_python(attributes)
            await self.check(tenant, attributes, executor)
        except (PydanticError, ValidationFailedError):
            return False
        return True

    async def check(self, tenant: TenantId, attributes: dict[str, Any], executor: ReadExecutor) -> None:
        """Refuse attributes that the tenant's schema does not allow; `ValidationFailedError` says which and why."""
        errors = (await self.checker(tenant, executor))(attributes)
        if errors:
            names = ", ".join(dict.fromkeys(error.field for error in errors))
            raise ValidationFailedError(f"The tenant's schema does not allow {names}.", field_errors=errors)

    async def checker(self, tenant: TenantId, executor: ReadExecutor) -> Checker:
        """Give what finds out, for one after the other, what the tenant's schema does not allow."""
        row = await executor.first(details.GET_ATTRIBUTE_RULES, tenant_id=tenant)
        if row is None:
            return lambda _: []
        validator = _validator(to_json(row["json_schema"]))
        return lambda attributes: [_field_error(error) for error in _first(validator.iter_errors(attributes))]


def check_schema(schema: dict[str, Any]) -> None:
    """Refuse what is no JSON Schema (2020-12), and references, by which a small schema could take for ever."""
    if any(key in _REFERENCES for key in _keys(schema)):
        raise ValidationFailedError.of("jsonSchema", "References are not allowed; write the part out", code="reference")
    try:
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        _validator(to_json(schema))
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0][:300]
        raise ValidationFailedError.of("jsonSchema", f"This is no JSON Schema: {reason}", code="schema") from None


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(from_json(schema), pattern_options=_PATTERNS)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in cast("dict[str, Any]", value).items():
            yield key
            yield from _keys(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _keys(part)


def _first(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    return (error for error, _ in zip(errors, range(_MOST_ERRORS), strict=False))


def _field_error(error: ValidationError) -> FieldError:
    """Say where and what, without repeating the value."""
    where = ".".join(["attributes", *map(str, error.instance_path)])
    rule = ".".join(map(str, error.schema_path))
    return FieldError(field=where, code="attribute", message=f"Not allowed by {rule} of the tenant's schema")

from sqlalchemy import Integer, Text, bindparam, func, literal, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from central_server.infra.db import Query
from central_server.infra.db.parameters import parameters
from central_server.users.queries.columns import TENANT, USER
from central_server.users.tables import ATTRIBUTE_RULES, USER_EXTERNAL_IDS, DBAttributeRules

_set = upsert(USER_EXTERNAL_IDS).values(parameters("tenant_id", "user_id", "source", "external_id"))
SET_EXTERNAL_ID = Query[None](
    _set.on_conflict_do_update(
        index_elements=["tenant_id", "user_id", "source"], set_={"external_id": _set.excluded.external_id}
    )
)
REMOVE_EXTERNAL_ID = Query[None](
    delete_from(USER_EXTERNAL_IDS).where(
        USER_EXTERNAL_IDS.c.tenant_id == TENANT,
        USER_EXTERNAL_IDS.c.user_id == USER,
        USER_EXTERNAL_IDS.c.source == bindparam("source", type_=Text),
    )
)

_SCHEMA_COLUMNS = (ATTRIBUTE_RULES.c.json_schema, ATTRIBUTE_RULES.c.version, ATTRIBUTE_RULES.c.updated_at)
GET_ATTRIBUTE_RULES = Query[DBAttributeRules](select(*_SCHEMA_COLUMNS).where(ATTRIBUTE_RULES.c.tenant_id == TENANT))
_EXPECTED = bindparam("expected_version", type_=Integer)
_put = upsert(ATTRIBUTE_RULES).values(
    {
        "tenant_id": bindparam("tenant_id", type_=ATTRIBUTE_RULES.c.tenant_id.type),
        "json_schema": bindparam("json_schema", type_=JSONB),
        "version": literal(1),
    }
)
SET_ATTRIBUTE_RULES = Query[DBAttributeRules](
    _put.on_conflict_do_update(
        index_elements=["tenant_id"],
        set_={
            "json_schema": _put.excluded.json_schema,
            "version": ATTRIBUTE_RULES.c.version + 1,
            "updated_at": func.now(),
        },
        where=_EXPECTED.is_(None) | (ATTRIBUTE_RULES.c.version == _EXPECTED),
    ).returning(*_SCHEMA_COLUMNS)
)
"""Sets the schema, unless somebody else has since the expected version."""

from sqlalchemy import ColumnElement, Integer, LargeBinary, Text, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import AuthConnectorId, ConnectorTestId, TenantId
from central_server.auth_connectors.tables import CONNECTOR_TESTS, DBConnectorTest
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters

_T = CONNECTOR_TESTS.c
_IS_OVER: ColumnElement[bool] = _T.expires_at <= func.now()
_HIDDEN = {"tenant_id", "token_hash"}
_SHOWN = (*(column for column in _T if column.name not in _HIDDEN), _IS_OVER.label("over"))
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_ID = bindparam("id", type_=RichIdColumn(ConnectorTestId))
_BINDING = bindparam("binding", type_=LargeBinary)
_IS_PENDING_ONE = and_(
    _T.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    _T.id == bindparam("of_id", type_=RichIdColumn(ConnectorTestId)),
    _T.state == "pending",
)

INSERT_TEST = Query[DBConnectorTest](
    insert(CONNECTOR_TESTS)
    .values(
        parameters("tenant_id", "id", "connector_id", "settings_version", "token_hash", "started_by")
        | {"expires_at": func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))}
    )
    .returning(*_SHOWN)
)
GET_TEST = Query[DBConnectorTest](
    select(*_SHOWN).where(
        _T.tenant_id == _TENANT,
        _T.connector_id == bindparam("connector_id", type_=RichIdColumn(AuthConnectorId)),
        _T.id == _ID,
    )
)
FIND_TEST = Query[DBConnectorTest](
    select(*_SHOWN).where(
        _T.tenant_id == _TENANT,
        _T.id == _ID,
        or_(
            and_(_T.token_hash == bindparam("token", type_=LargeBinary), _T.binding_hash.is_(None)),
            _T.binding_hash == _BINDING,
        ),
    )
)
"""Finds a test by its link while no browser has gone there, and then for that browser."""

BIND_TEST = Query[DBConnectorTest](
    update(CONNECTOR_TESTS)
    .where(
        _IS_PENDING_ONE,
        _T.expires_at > func.now(),
        or_(
            and_(_T.token_hash == bindparam("token", type_=LargeBinary), _T.binding_hash.is_(None)),
            _T.binding_hash == _BINDING,
        ),
    )
    .values(binding_hash=_BINDING)
    .returning(*_SHOWN)
)
"""Lets a browser go on with a test that no other has gone on with."""

END_TEST = Query[DBConnectorTest](
    update(CONNECTOR_TESTS)
    .where(_IS_PENDING_ONE)
    .values(state=bindparam("new_state", type_=Text), result=bindparam("new_result", type_=JSONB), ended_at=func.now())
    .returning(*_SHOWN)
)
DELETE_TESTS = Query[None](delete_batch(CONNECTOR_TESTS, lambda ended: ended.c.expires_at))

from sqlalchemy import ARRAY, LargeBinary, Text, and_, bindparam, func, insert, select, text, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import AuthConnectorId, IdentityId, TenantId, UserId
from central_server.auth.tables import (
    IDENTITIES,
    DBClaimsSeen,
    DBFailedSignIn,
    DBIdentity,
    DBLinkedIdentity,
    DBSealedProfile,
)
from central_server.auth_connectors.tables import AUTH_CONNECTORS
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.infra.outbox.tables import OUTBOX

_I = IDENTITIES.c
_SHOWN = (_I.tenant_id, _I.id, _I.user_id, _I.connector_id, _I.issuer, _I.subject)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_CONNECTOR = bindparam("connector_id", type_=RichIdColumn(AuthConnectorId))
_USER = bindparam("user_id", type_=RichIdColumn(UserId))
_IS_CHANGED_ONE = and_(
    _I.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    _I.id == bindparam("of_id", type_=RichIdColumn(IdentityId)),
)

GET_IDENTITY = Query[DBIdentity](
    select(*_SHOWN).where(
        _I.tenant_id == _TENANT,
        _I.connector_id == _CONNECTOR,
        _I.issuer == bindparam("issuer"),
        _I.subject == bindparam("subject"),
    )
)
GET_IDENTITY_OF_USER = Query[DBIdentity](
    select(*_SHOWN).where(_I.tenant_id == _TENANT, _I.connector_id == _CONNECTOR, _I.user_id == _USER)
)
LIST_IDENTITIES = Query[DBLinkedIdentity](
    select(*_SHOWN, _I.created_at, _I.seen_at, _I.profile, AUTH_CONNECTORS.c.name.label("connector_name"))
    .join(
        AUTH_CONNECTORS,
        and_(AUTH_CONNECTORS.c.tenant_id == _I.tenant_id, AUTH_CONNECTORS.c.id == _I.connector_id),
    )
    .where(_I.tenant_id == _TENANT, _I.user_id == _USER)
    .order_by(_I.created_at, _I.id)
)
INSERT_IDENTITY = Query[None](
    insert(IDENTITIES).values(parameters("tenant_id", "id", "user_id", "connector_id", "issuer", "subject"))
)
NOTE_SEEN = Query[None](
    update(IDENTITIES)
    .where(_IS_CHANGED_ONE)
    .values(
        seen_at=func.now(),
        profile=bindparam("new_profile", type_=LargeBinary),
        claim_names=bindparam("new_claim_names", type_=ARRAY(Text)),
    )
)
DELETE_IDENTITY = Query[DBIdentity](
    delete_from(IDENTITIES)
    .where(
        _I.tenant_id == _TENANT,
        _I.user_id == _USER,
        _I.id == bindparam("id", type_=RichIdColumn(IdentityId)),
    )
    .returning(*_SHOWN)
)
GET_CLAIMS_SEEN = Query[DBClaimsSeen](
    select(_I.claim_names, _I.seen_at)
    .where(_I.tenant_id == _TENANT, _I.connector_id == _CONNECTOR, _I.claim_names.is_not(None))
    .order_by(_I.seen_at.desc())
    .limit(1)
)
LIST_FAILED_SIGN_INS = Query[DBFailedSignIn](
    select(OUTBOX.c.payload, OUTBOX.c.created_at)
    .where(
        OUTBOX.c.tenant_id == _TENANT,
        text("kind = 'auth.sign_in.failed'"),
        OUTBOX.c.payload["connectorId"].astext == bindparam("connector", type_=Text),
    )
    .order_by(OUTBOX.c.created_at.desc(), OUTBOX.c.id.desc())
    .limit(bindparam("count"))
)
"""Reads `ix_outbox_failed_sign_ins`."""

_PREFIX = bindparam("prefix", type_=LargeBinary)
LIST_SEALED_PROFILES = Query[DBSealedProfile](
    select(_I.tenant_id, _I.id, _I.profile)
    .where(_I.profile.is_not(None), func.substring(_I.profile, 1, func.length(_PREFIX)) != _PREFIX)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
REPLACE_SEALED_PROFILE = Query[None](
    update(IDENTITIES).where(_IS_CHANGED_ONE).values(profile=bindparam("new_profile", type_=LargeBinary))
)

from central_server.infra.db import Query
from central_server.infra.db.deleting import delete_batch
from central_server.users.tables import EMAIL_VERIFICATIONS

DELETE_EMAIL_VERIFICATIONS = Query[None](delete_batch(EMAIL_VERIFICATIONS, lambda ended: ended.c.expires_at))

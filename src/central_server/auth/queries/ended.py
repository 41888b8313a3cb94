from central_server.auth.tables import EMAIL_CODES, LOGIN_TRANSACTIONS
from central_server.infra.db import Query
from central_server.infra.db.deleting import delete_batch

DELETE_LOGIN_TRANSACTIONS = Query[None](delete_batch(LOGIN_TRANSACTIONS, lambda ended: ended.c.expires_at))
DELETE_EMAIL_CODES = Query[None](delete_batch(EMAIL_CODES, lambda ended: ended.c.expires_at))

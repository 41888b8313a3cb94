"""What goes of sign-ins when a tenant is deleted."""

from central_server.auth.tables import EMAIL_CODES, IDENTITIES, LOGIN_TRANSACTIONS
from central_server.infra.db.erasing import erase

ERASURES = (erase(LOGIN_TRANSACTIONS), erase(EMAIL_CODES), erase(IDENTITIES))

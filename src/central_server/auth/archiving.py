"""What is archived of sign-ins: who somebody is at a provider."""

from central_server.auth.tables import IDENTITIES
from central_server.infra.db.archiving import LeftOut, archived

_SEALED = "sealed with this server's keys; the next sign-in brings it anew"
ARCHIVED = (archived(IDENTITIES, LeftOut(profile=_SEALED, seen_at=_SEALED, claim_names=_SEALED)),)
LEFT_OUT = {
    "login_transactions": "sign-ins of ten minutes",
    "email_codes": "the same",
}

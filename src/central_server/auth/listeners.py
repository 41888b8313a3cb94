from central.auth.events import EmailCodeRequested
from central_server.auth.handlers import MailSignInCode
from central_server.infra.outbox import BatchListener, Retries

# For as long as a code is worth anything.
_RETRIES = Retries(first=1, last=30, within=600)

LISTENERS = (BatchListener("auth.mail_sign_in_code", EmailCodeRequested, MailSignInCode, retries=_RETRIES),)

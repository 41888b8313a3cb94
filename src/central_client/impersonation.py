"""Acting in somebody else's name: how the session of a view of its own comes about."""

from typing import Any

from central_client.core import Core
from central_client.credentials import Credentials, CredentialStore
from central_client.errors import UnreadableAnswerError
from central_client.messages import Flow
from central_client.resources.users import Users


def begin_impersonation(core: Core[Any], arguments: dict[str, Any]) -> Flow[CredentialStore]:
    """Ask for the session with the client's own, and give the new one apart from it.

    Asks once more where the answer came without a session: it was the repetition of one that was lost on its way.
    """
    plan, credentials = Users.impersonate.plan, Credentials()
    given = plan.check({name: value for name, value in arguments.items() if value is not None})
    for _ in range(2):
        answer = yield from core.call(plan, given, into=credentials)
        if credentials.session is not None:
            store = CredentialStore(credentials)
            for tenant in (answer.user.tenant_id, plan.tenant_in(given), core.tenant):
                if tenant is not None:
                    store.adopt(tenant, credentials)
            return store
    raise UnreadableAnswerError(f"{plan.operation.name}: the server's answer set no session cookie.")

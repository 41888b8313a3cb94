from typing import NamedTuple

from central.tenants.models import Tenant
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.sign_in_pages.rendering import PageRenderer

_STATUSES = {None: 200, "malformed_code": 422, "wrong_code": 401}


class Waiting(NamedTuple):
    """A sign-in that waits for its code: for which address, and which paths take the code and mail another one."""

    email: str
    live: bool
    action: str
    restart: str


def code_page(
    renderer: PageRenderer,
    request: BrowserRequest,
    waiting: Waiting,
    *,
    tenant: Tenant | None = None,
    error: str | None = None,
) -> BrowserResponse:
    """Show where a code is entered, with what was wrong with the last one, or that this is over."""
    values = {"waiting": waiting, "request_id": request.caller.request_id}
    if error == "sign_in_ended" or not waiting.live:
        return renderer.page("code_ended", request, tenant=tenant, status=410, **values)
    return renderer.page("code", request, tenant=tenant, status=_STATUSES[error], error=error, **values)

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from central.tenants.models import Tenant
from central_server.infra.actor import Caller
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.forms import FORM_TOKEN, FormTokens
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.infra.tokens import is_token, new_token
from central_server.sign_in_pages.assets import CSS, asset_path, digest_of, forever
from central_server.sign_in_pages.colours import Colours, style_sheet

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HTML = "text/html; charset=utf-8"
_COOKIE_SECONDS = 3600


class PageRenderer:
    """Makes pages of templates, which are escaped, hold no script and no style, and work without either."""

    def __init__(self, cookies: CookieNames, forms: FormTokens) -> None:
        self.cookies = cookies
        self.forms = forms
        self._templates = Environment(
            loader=PackageLoader("central_server.sign_in_pages", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def page(
        self, name: str, request: BrowserRequest, *, status: int = 200, tenant: Tenant | None = None, **values: Any
    ) -> BrowserResponse:
        """Fill a template; a page with a form gives the browser the cookie that the form is bound to."""
        body = self._templates.get_template(f"{name}.html.j2").render(
            tenant=tenant,
            sheets=[asset_path("pages.css"), *colours_path(tenant)],
            icon=asset_path("icon.svg"),
            form_field=FORM_TOKEN,
            form_token=partial(self._form_token, request.caller),
            path=page_path,
            host_of=host_of,
            **values,
        )
        return BrowserResponse(status, body.encode(), _HTML, policy=_POLICY)

    def go_on(self, target: str, request: BrowserRequest, tenant: Tenant | None = None) -> BrowserResponse:
        """Send the browser on after a form: to a path here by a redirect, elsewhere from a page of its own.

        `form-action 'self'` holds for every redirect that follows a form in some browsers, so that none may lead away
        (https://github.com/w3c/webappsec-csp/issues/8).
        """
        return redirect(target) if target.startswith("/") else self.leave(target, request, tenant)

    def leave(self, target: str, request: BrowserRequest, tenant: Tenant | None = None) -> BrowserResponse:
        """Send the browser on from a page of its own, also to a path here that may lead away at once."""
        return self.page("leaving", request, tenant=tenant, target=target)

    def _form_token(self, caller: Caller) -> str:
        changed = caller.cookies.changes.get(self.cookies.sign_in)
        binding = changed[0] if changed else caller.cookies.sign_in
        if binding is None or not is_token(binding):
            binding = new_token()
        if not changed:
            caller.cookies.set(self.cookies.sign_in, binding, _COOKIE_SECONDS)
        return self.forms.issue(binding)


def tenant_sheet(tenant: Tenant) -> bytes:
    """Give a tenant's colours as a style sheet; empty for one that has chosen none."""
    return style_sheet(Colours(tenant.accent_color, tenant.background_color)).encode()


def colours_response(tenant: Tenant, name: str) -> BrowserResponse:
    """Give a tenant's style sheet; for good only at the address that its content has."""
    sheet = tenant_sheet(tenant)
    if name == f"{digest_of(sheet)}.css":
        return forever(sheet, CSS)
    return BrowserResponse(200, sheet, CSS)


def colours_path(tenant: Tenant | None) -> list[str]:
    """Give the path of a tenant's style sheet, if it has one."""
    sheet = b"" if tenant is None else tenant_sheet(tenant)
    return [f"/t/{tenant.slug}/colors/{digest_of(sheet)}.css"] if tenant is not None and sheet else []


def page_path(path: str, query: Mapping[str, object] | None = None, /, **more: object) -> str:
    """Give a path with a query of what is there: neither `None` nor `False`."""
    fields = {**(query or {}), **more}
    given = {
        name: "1" if value is True else str(value)
        for name, value in fields.items()
        if value is not None and value is not False
    }
    return f"{quote(path)}?{urlencode(given)}" if given else quote(path)


def host_of(address: str) -> str:
    """Give the host of an address, to show where a link leads."""
    return urlsplit(address).netloc

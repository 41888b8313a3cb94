from central.auth_connectors.trials import ConnectorTest
from central.tenants.models import Tenant
from central_server.auth.connector_tests import ConnectorTests
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.sign_in_pages.inputs import ConnectorTestQueryInput, read, read_nothing
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.visits import Visits


class ConnectorTestPages:
    """The page of a test sign-in: what is about to happen, and then what came of it, in the same browser."""

    def __init__(self, visits: Visits, tests: ConnectorTests, renderer: PageRenderer) -> None:
        self.visits = visits
        self.tests = tests
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Say what the test does and who sees what comes of it, or what came of it; changes nothing."""
        tenant, key = await self.visits.tenant(request), read(ConnectorTestQueryInput, request.query).key
        test = await self.tests.find(tenant.id, request.path["test"], key, request.caller)
        template = "connector_test" if test.state == "pending" else "connector_tested"
        return self.renderer.page(template, request, tenant=tenant, test=test, action=_path(tenant, test, key))

    async def start(self, request: BrowserRequest) -> BrowserResponse:
        """Go on to the provider."""
        read_nothing(request.form)
        tenant, key = await self.visits.tenant(request), read(ConnectorTestQueryInput, request.query).key
        address = await self.tests.TX_open(tenant.id, request.path["test"], key, request.caller)
        return self.renderer.leave(address, request, tenant)


def _path(tenant: Tenant, test: ConnectorTest, key: str) -> str:
    return page_path(f"/t/{tenant.slug}/connector-tests/{test.id}", key=key or None)

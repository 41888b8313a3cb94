from central.sign_in_pages import routes
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.sign_in_pages.address_pages import AddressPages
from central_server.sign_in_pages.assets import asset_response
from central_server.sign_in_pages.connector_test_pages import ConnectorTestPages
from central_server.sign_in_pages.invitation_pages import InvitationPages
from central_server.sign_in_pages.rendering import colours_response
from central_server.sign_in_pages.sign_out_pages import SignOutPages
from central_server.sign_in_pages.tenant_pages import TenantPages
from central_server.sign_in_pages.tool_pages import ToolPages
from central_server.sign_in_pages.visits import Visits


class SignInPageRoutes:
    """Serves the hosted pages."""

    def __init__(
        self,
        visits: Visits,
        address: AddressPages,
        tenant: TenantPages,
        tool: ToolPages,
        connector_test: ConnectorTestPages,
        invitation: InvitationPages,
        out: SignOutPages,
    ) -> None:
        self.visits = visits
        self.address = address
        self.tenant = tenant
        self.tool = tool
        self.connector_test = connector_test
        self.invitation = invitation
        self.out = out

    @serves(routes.SIGN_IN)
    async def sign_in(self, request: BrowserRequest) -> BrowserResponse:
        return await self.address.show(request)

    @serves(routes.FIND_REALM)
    async def find_realm(self, request: BrowserRequest) -> BrowserResponse:
        return await self.address.go_on(request)

    @serves(routes.ADDRESS_CODE)
    async def address_code(self, request: BrowserRequest) -> BrowserResponse:
        return await self.address.show_code(request)

    @serves(routes.VERIFY_ADDRESS_CODE)
    async def verify_address_code(self, request: BrowserRequest) -> BrowserResponse:
        return await self.address.verify_code(request)

    @serves(routes.ASSET)
    async def asset(self, request: BrowserRequest) -> BrowserResponse:
        return asset_response(request.path["name"])

    @serves(routes.TENANT)
    async def tenant_page(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.show(request)

    @serves(routes.START_CODE)
    async def start_code(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.start_code(request)

    @serves(routes.CODE)
    async def code(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.show_code(request)

    @serves(routes.VERIFY_CODE)
    async def verify_code(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.verify_code(request)

    @serves(routes.LINK)
    async def link(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.show_link(request)

    @serves(routes.FOLLOW_LINK)
    async def follow_link(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.follow_link(request)

    @serves(routes.DONE)
    async def done(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tenant.show_done(request)

    @serves(routes.COLORS)
    async def colors(self, request: BrowserRequest) -> BrowserResponse:
        return colours_response(await self.visits.any_tenant(request.path["tenant"]), request.path["name"])

    @serves(routes.TOOL)
    async def show_tool(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tool.show(request)

    @serves(routes.DECIDE_TOOL)
    async def decide_tool(self, request: BrowserRequest) -> BrowserResponse:
        return await self.tool.decide(request)

    @serves(routes.CONNECTOR_TEST)
    async def show_connector_test(self, request: BrowserRequest) -> BrowserResponse:
        return await self.connector_test.show(request)

    @serves(routes.START_CONNECTOR_TEST)
    async def start_connector_test(self, request: BrowserRequest) -> BrowserResponse:
        return await self.connector_test.start(request)

    @serves(routes.INVITATION)
    async def show_invitation(self, request: BrowserRequest) -> BrowserResponse:
        return await self.invitation.show(request)

    @serves(routes.ACCEPT_INVITATION)
    async def accept_invitation(self, request: BrowserRequest) -> BrowserResponse:
        return await self.invitation.accept(request)

    @serves(routes.RETURN_TO_INVITATION)
    async def return_to_invitation(self, request: BrowserRequest) -> BrowserResponse:
        return await self.invitation.come_back(request)

    @serves(routes.SIGN_OUT)
    async def sign_out(self, request: BrowserRequest) -> BrowserResponse:
        return await self.out.show(request)

    @serves(routes.END_SESSION)
    async def end_session(self, request: BrowserRequest) -> BrowserResponse:
        return await self.out.end(request)

    @serves(routes.SIGNED_OUT)
    async def signed_out(self, request: BrowserRequest) -> BrowserResponse:
        return await self.out.done(request)

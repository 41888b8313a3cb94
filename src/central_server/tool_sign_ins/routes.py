from central.auth.models import SignedInPrivate
from central.tool_sign_ins.models import (
    ApproveDeviceSignInInput,
    DenyDeviceSignInInput,
    DenyDeviceSignInResponse,
    ExchangeLoopbackCodeInput,
    GetDeviceSignInInput,
    PollDeviceSignInInput,
    StartDeviceSignInInput,
    StartDeviceSignInResponse,
    StartLoopbackSignInInput,
    StartLoopbackSignInResponse,
    ToolSignIn,
)
from central.tool_sign_ins.operations import (
    APPROVE_DEVICE_SIGN_IN,
    DENY_DEVICE_SIGN_IN,
    EXCHANGE_LOOPBACK_CODE,
    GET_DEVICE_SIGN_IN,
    POLL_DEVICE_SIGN_IN,
    START_DEVICE_SIGN_IN,
    START_LOOPBACK_SIGN_IN,
)
from central_server.infra.actor import Actor, Caller
from central_server.infra.http.handles import handles
from central_server.tool_sign_ins.deciding import ToolDecisions
from central_server.tool_sign_ins.finishing import ToolSessions
from central_server.tool_sign_ins.starting import ToolStarts


class ToolSignInRoutes:
    """Serves the sign-ins of tools."""

    def __init__(self, starts: ToolStarts, decisions: ToolDecisions, sessions: ToolSessions) -> None:
        self.starts = starts
        self.decisions = decisions
        self.sessions = sessions

    @handles(START_DEVICE_SIGN_IN)
    async def start_device(self, input: StartDeviceSignInInput, caller: Caller) -> StartDeviceSignInResponse:
        return await self.starts.TX_start_device(input, caller)

    @handles(POLL_DEVICE_SIGN_IN)
    async def poll_device(self, input: PollDeviceSignInInput, caller: Caller) -> SignedInPrivate:
        return await self.sessions.TX_poll(input, caller)

    @handles(GET_DEVICE_SIGN_IN)
    async def get_device(self, input: GetDeviceSignInInput, actor: Actor) -> ToolSignIn:
        return await self.decisions.TX_find(input.user_code, actor)

    @handles(APPROVE_DEVICE_SIGN_IN)
    async def approve_device(self, input: ApproveDeviceSignInInput, actor: Actor) -> None:
        await self.decisions.TX_approve_device(input.user_code, actor)

    @handles(DENY_DEVICE_SIGN_IN)
    async def deny_device(self, input: DenyDeviceSignInInput, actor: Actor) -> DenyDeviceSignInResponse:
        return DenyDeviceSignInResponse(redirect_url=await self.decisions.TX_deny(input.user_code, actor))

    @handles(START_LOOPBACK_SIGN_IN)
    async def start_loopback(self, input: StartLoopbackSignInInput, caller: Caller) -> StartLoopbackSignInResponse:
        return await self.starts.TX_start_loopback(input, caller)

    @handles(EXCHANGE_LOOPBACK_CODE)
    async def exchange_loopback_code(self, input: ExchangeLoopbackCodeInput, caller: Caller) -> SignedInPrivate:
        return await self.sessions.TX_exchange(input, caller)

import re
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from central.kernel.ids import SignInId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.text import ShortLine
from central.kernel.unknown import UnknownValue

USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty consonants: nothing that looks like a digit, and no words (RFC 8628, 6.1)."""

ToolSignInFlow: TypeAlias = Literal["device", "loopback"]
ToolSignInState: TypeAlias = Literal["pending", "approved", "denied", "used"]

_GAPS = re.compile(r"[\s-]")
_USER_CODE = re.compile(f"[{USER_CODE_ALPHABET}]{{8}}")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback")
_HIGHEST_PORT = 65535


def _user_code(value: str) -> str:
    code = _GAPS.sub("", value).upper()
    if not _USER_CODE.fullmatch(code):
        raise PydanticCustomError("user_code", "Expected a code like 'WDJB-MJHT'")
    return f"{code[:4]}-{code[4:]}"


def _loopback_address(value: str) -> str:
    found = _LOOPBACK.fullmatch(value)
    if found is None or int(found[1]) > _HIGHEST_PORT:
        raise PydanticCustomError(
            "loopback_address", "Expected 'http://127.0.0.1:PORT/callback' or 'http://[::1]:PORT/callback'"
        )
    return value


UserCode = Annotated[str, StringConstraints(min_length=8, max_length=20), AfterValidator(_user_code)]
"""The code that a person carries from the tool to the browser; case, spaces and hyphens do not matter."""

LoopbackAddress = Annotated[str, StringConstraints(max_length=64), AfterValidator(_loopback_address)]
"""Where a tool listens on its own machine (RFC 8252, 7.3): any port, and nothing else to choose."""

Token = Annotated[str, StringConstraints(min_length=43, max_length=43, pattern=r"^[A-Za-z0-9_-]{43}$")]
"""256 random bits of the server's, or a SHA-256, in base64url."""

Verifier = Annotated[str, StringConstraints(min_length=43, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$")]
"""A secret of the tool's own (RFC 7636, 4.1)."""

State = Annotated[str, StringConstraints(min_length=16, max_length=200, pattern=r"^[A-Za-z0-9._~-]+$")]
"""A random value by which the tool knows its own sign-in again (RFC 6749, 10.12)."""


class ToolInput(TenantInput):
    """The tool that asks, as it calls itself; the person is shown it before they approve."""

    application: ShortLine = Field(description="The program: `central CLI`.")
    host: ShortLine | None = Field(default=None, description="The machine it runs on.")
    version: ShortLine | None = Field(default=None, description="The program's version.")


class StartDeviceSignInInput(ToolInput):
    """The tool that asks, and its machine."""


class StartDeviceSignInResponse(Response):
    """A sign-in that waits for somebody to approve it in a browser (RFC 8628, 3.2)."""

    sign_in: SignInId
    device_code: str = Field(repr=False, description="What the tool polls with; for nobody else.")
    user_code: str = Field(description="What the person types at the verification address: `WDJB-MJHT`.")
    verification_uri: str = Field(description="Where the person goes, with any browser, on any machine.")
    verification_uri_complete: str = Field(description="The same with the code filled in, for a link.")
    expires_at: datetime
    interval: int = Field(description="How many seconds the tool waits between polls.")


class PollDeviceSignInInput(TenantInput):
    """What the start gave to the tool."""

    device_code: Token


class StartLoopbackSignInInput(ToolInput):
    """The tool that asks, where it listens, and what only it can answer to."""

    redirect_uri: LoopbackAddress = Field(
        description="`http://127.0.0.1:PORT/callback`, or the same at `[::1]`, with any port."
    )
    state: State = Field(description="Comes back with the browser, for the tool to compare.")
    code_challenge: Token = Field(description="The SHA-256 of the tool's verifier (RFC 7636, S256), in base64url.")


class StartLoopbackSignInResponse(Response):
    """A sign-in that waits for somebody to approve it in the browser of the same machine."""

    sign_in: SignInId
    user_code: str = Field(description="What the page shows as well, for the person to compare.")
    approval_url: str = Field(description="The page to open in the browser.")
    expires_at: datetime


class ExchangeLoopbackCodeInput(TenantInput):
    """What came back with the browser, and the tool's secret."""

    code: Token
    code_verifier: Verifier
    redirect_uri: LoopbackAddress = Field(description="The one of the start.")


class ToolSignIn(Resource):
    """A tool that asks to be signed in as whoever approves it. What it is called is what it says of itself."""

    id: SignInId
    flow: ToolSignInFlow | UnknownValue
    state: ToolSignInState | UnknownValue
    application: str
    host: str | None = None
    version: str | None = None
    address: str | None = Field(default=None, description="Where it asked from.")
    from_here: bool = Field(description="Whether that is where the caller asks from.")
    created_at: datetime
    expires_at: datetime


class GetDeviceSignInInput(TenantInput):
    """The code that the tool shows."""

    user_code: UserCode


class ApproveDeviceSignInInput(TenantInput):
    """The code that the tool shows."""

    user_code: UserCode


class DenyDeviceSignInInput(TenantInput):
    """The code that the tool shows."""

    user_code: UserCode


class DenyDeviceSignInResponse(Response):
    """What is left to do, so that the tool hears of the refusal."""

    redirect_url: str | None = Field(
        default=None,
        description="Where to send the browser if the tool listens for it: its own address, with "
        "`error=access_denied` and its `state`. Null for a tool that polls, which is told by its next poll.",
    )

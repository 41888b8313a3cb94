"""What pages are asked with: their query and their forms."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from central.auth.models import Code, Prompt
from central.errors import BadRequestError, ValidationFailedError
from central.kernel.ids import SignInId, UserId
from central.kernel.text import Email, LongLine, TenantRef
from central.tool_sign_ins.models import UserCode

InputT = TypeVar("InputT", bound="PageInput")
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_CODE: TypeAdapter[str] = TypeAdapter(Code)
_USER_CODE: TypeAdapter[str] = TypeAdapter(UserCode)
SignOutPlace: TypeAlias = Literal["here", "everywhere", "provider", "switch"]


def _email_or_none(value: object) -> object:
    """Leave a hint out that is no address: an application's mistake keeps nobody from signing in."""
    try:
        return _EMAIL.validate_python(value)
    except ValidationError:
        return None


class PageInput(BaseModel):
    """The base of what pages are asked with."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class PageQueryInput(PageInput):
    """What an application sends along with the browser. What else is in the query is left alone, as links gather it."""

    return_to: LongLine | None = None
    login_hint: Annotated[Email | None, BeforeValidator(_email_or_none)] = None
    prompt: Prompt | None = None
    reauth: bool = False
    sign_in: SignInId | None = None
    to: TenantRef | None = None
    state: Annotated[str, StringConstraints(max_length=2000)] | None = None


class SignOutFormInput(PageInput):
    """Where to sign out; `switch` is here, to sign in anew, at the tenant `to` if there is one."""

    model_config = ConfigDict(extra="forbid")

    where: SignOutPlace
    to: TenantRef | None = None


class ConnectorTestQueryInput(PageInput):
    """The key of a test sign-in's link; the browser that has gone on with it needs none."""

    key: Annotated[str, StringConstraints(max_length=100)] = ""


class ToolFormInput(PageInput):
    """What somebody decided about a tool, by its code; `user` is whom the page showed as the one who decides."""

    model_config = ConfigDict(extra="forbid")

    code: UserCode
    user: UserId
    decision: Literal["approve", "deny"]


def read(kind: type[InputT], fields: Mapping[str, Any]) -> InputT:
    """Read a query or a form; raises `ValidationFailedError`."""
    try:
        return kind.model_validate(dict(fields))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None


def read_email(form: Mapping[str, str]) -> str | None:
    """Read the address of a form, `None` for what is none; raises `BadRequestError` for another form."""
    return _read_only(form, "email", _EMAIL)


def read_code(form: Mapping[str, str]) -> str | None:
    """Read the code of a form, typed with spaces or hyphens or without; `None` for what is none."""
    return _read_only({name: value.translate(_GAPS) for name, value in form.items()}, "code", _CODE)


def read_user_code(typed: str) -> str | None:
    """Read the code of a tool, `None` for what is none."""
    try:
        return _USER_CODE.validate_python(typed)
    except ValidationError:
        return None


def read_nothing(form: Mapping[str, str]) -> None:
    """Read a form that is a button alone; raises `BadRequestError` for another form."""
    if form:
        raise _other_form()


_GAPS = str.maketrans("", "", " -\u00a0\u2009\u202f")


def _read_only(form: Mapping[str, str], name: str, adapter: TypeAdapter[str]) -> str | None:
    if set(form) != {name}:
        raise _other_form()
    try:
        return adapter.validate_python(form[name])
    except ValidationError:
        return None


def _other_form() -> BadRequestError:
    return BadRequestError("This form is not the one of the page.", code="malformed_form")

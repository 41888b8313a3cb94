"""What comes in and what goes out, as pydantic models."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.alias_generators import to_camel

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}", re.IGNORECASE)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("expected one email address")
    return value


Role = Literal["owner", "admin", "member"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class CreateUserInput(Wire):
    model_config = ConfigDict(extra="forbid")

    email: Email
    display_name: Line | None = None
    roles: Annotated[list[Role], Field(min_length=1, max_length=3)] = ["member"]


class User(Wire):
    id: str
    tenant_id: str
    email: str
    email_verified: bool
    display_name: str
    roles: list[Role]
    state: Literal["active", "disabled"]
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    version: int
    locale: str | None
    time_zone: str | None
    tags: dict[str, str]
    attributes: dict[str, JsonValue]
    external_ids: dict[str, str]
    avatar: dict[str, JsonValue] | None
    type_: Literal["User"] = Field(default="User", alias="__type")


class UserPrivate(Wire):
    id: str
    tenant_id: str
    email: str
    email_verified: bool
    display_name: str
    roles: list[Role]
    permissions: list[str]
    system_permissions: list[str]
    state: Literal["active", "disabled"]
    created_at: datetime
    updated_at: datetime
    last_sign_in_at: datetime | None
    version: int
    locale: str | None
    time_zone: str | None
    impersonator: None = None
    type_: Literal["UserPrivate"] = Field(default="UserPrivate", alias="__type")


class ListUsersResponse(Wire):
    next_cursor: str | None
    users: list[User]
    type_: Literal["ListUsersResponse"] = Field(default="ListUsersResponse", alias="__type")


read_input = CreateUserInput.__pydantic_validator__.validate_json
user = User.__pydantic_validator__.validate_python
user_private = UserPrivate.__pydantic_validator__.validate_python
page = ListUsersResponse.__pydantic_validator__.validate_python
write_user = User.__pydantic_serializer__.to_json
write_user_private = UserPrivate.__pydantic_serializer__.to_json
write_page = ListUsersResponse.__pydantic_serializer__.to_json

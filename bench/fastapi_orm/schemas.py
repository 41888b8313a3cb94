from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.alias_generators import to_camel

from bench import ids

Role = Literal["owner", "admin", "member"]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
# `EmailStr` looks closer and takes longer.
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]{1,64}@([\w-]+\.)+[\w-]+$")
]
UserId = Annotated[str, BeforeValidator(lambda value: ids.render("user", value))]
TenantId = Annotated[str, BeforeValidator(lambda value: ids.render("tenant", value))]


class Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class CreateUserInput(Schema):
    model_config = ConfigDict(extra="forbid")

    email: Email
    display_name: Line | None = None
    roles: list[Role] = Field(default=["member"], min_length=1, max_length=3)


class User(Schema):
    id: UserId
    tenant_id: TenantId
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


class UserPrivate(Schema):
    id: UserId
    tenant_id: TenantId
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


class ListUsersResponse(Schema):
    next_cursor: str | None
    users: list[User]
    type_: Literal["ListUsersResponse"] = Field(default="ListUsersResponse", alias="__type")

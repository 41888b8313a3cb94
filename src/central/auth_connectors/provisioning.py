"""What a connector does with people who sign in by it: whom it makes users, and what it tells of them."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from central.kernel.model import Input, Output
from central.kernel.text import Claim, MailDomain, one_line
from central.roles.models import Roles, RoleSlug
from central.users.fields import Key

Group: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(one_line)]


class GroupRoleInput(Input):
    """Which role the members of a group hold while they are in it."""

    group: Group = Field(description="As the provider writes it, case and all.")
    role: RoleSlug


class GroupRole(Output):
    """Which role the members of a group hold while they are in it."""

    group: str
    role: str


class ProvisioningInput(Input):
    """What a connector does with people who sign in by it. Nobody lets it give what they do not hold themselves.

    Roles by group and attributes are brought up to date at every sign-in, whoever made the user; what an administrator
    gave by hand stays. `owner` is given by people alone.
    """

    just_in_time: bool = Field(default=False, description="Create a user at the first sign-in of somebody unknown.")
    allowed_domains: list[MailDomain] = Field(
        default=[],
        max_length=100,
        description="Only for verified addresses of these verified domains of the tenant; empty: for none.",
    )
    default_roles: Roles = Field(default=["member"], description="What users hold who are created so.")
    attributes: dict[Key, Claim] = Field(
        default={},
        max_length=50,
        description='Which claims to keep as which attributes: `{"department": "org.department"}`. What the '
        "tenant's schema does not allow is left out.",
    )
    group_claim: Claim | None = Field(default=None, description="Which claim names the person's groups: `groups`.")
    group_roles: list[GroupRoleInput] = Field(
        default=[], max_length=100, description="Who is told to be in none of these groups holds none of these roles."
    )


class ProvisioningPolicy(Output):
    """What a connector does with people who sign in by it."""

    just_in_time: bool
    allowed_domains: list[str]
    default_roles: list[str] = ["member"]
    attributes: dict[str, str] = {}
    group_claim: str | None = None
    group_roles: list[GroupRole] = []

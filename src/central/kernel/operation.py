"""An operation, declared once: the server's route, the client's methods and the documentation derive from it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, cast, get_origin

from central.access import Access, Anyone, RateClass, SignedIn, SystemPermission, TenantPermission, UnitPermission
from central.errors import CentralError, ForbiddenError, UnauthenticatedError, ValidationFailedError
from central.kernel.model import Input, TenantInput

P = ParamSpec("P")
InputT = TypeVar("InputT", bound=Input, covariant=True)
OutputT = TypeVar("OutputT", covariant=True)

Method: TypeAlias = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
_NAMES_IN_PATH = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Operation(Generic[P, InputT, OutputT]):
    """One thing that Central does for a caller.

    `name` is `{resource}.{verb}`; `input` is the class of what it takes, `output` of what it gives (`NoneType`
    for an empty answer); `errors` are those a caller should expect beyond wrong input and access; `summary` and
    `description` are what the documentation shows; `rate` is needed where the access does not say it; `secret` says
    that the answer holds a credential, so that what is kept of it for repetitions is sealed.
    """

    name: str
    method: Method
    path: str
    input: Callable[P, InputT]
    output: type[OutputT]
    access: Access
    summary: str
    errors: tuple[type[CentralError], ...] = ()
    status: int = 200
    description: str = ""
    rate: RateClass | None = None
    secret: bool = False
    input_class: type[Input] = field(init=False)
    path_names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Derive what the declaration implies, and refuse one that contradicts itself."""
        input_class = cast("type[Input]", self.input)
        object.__setattr__(self, "input_class", input_class)
        object.__setattr__(self, "path_names", tuple(_NAMES_IN_PATH.findall(self.path)))
        if missing := set(self.path_names) - set(input_class.model_fields):
            raise TypeError(f"{self.name}: {sorted(missing)} of the path are no fields of {input_class.__name__}")
        if (self.output is NoneType) != (self.status == 204):
            raise TypeError(f"{self.name}: status 204 and an empty output go together")
        if self.rate == "signed_in" and not self.access.schemes:
            raise TypeError(f"{self.name}: anyone may call it, so it cannot be counted by user")
        if isinstance(self.access, UnitPermission):
            units = {name for name, _ in self.access.where}
            if not units or units - set(input_class.model_fields):
                raise TypeError(f"{self.name}: say of which fields of the input it takes the units")
        if self.needs_fresh and getattr(self.access, "impersonation", None) == "allowed":
            raise TypeError(f"{self.name}: whoever acts in another's name has no fresh sign-in")

    @property
    def rate_class(self) -> RateClass:
        """As what it counts against rate limits."""
        return self.rate or ("signed_in" if self.access.schemes else "open")

    @property
    def resource(self) -> str:
        """The part of the name before the dot: `users`."""
        return self.name.partition(".")[0]

    @property
    def in_tenant(self) -> bool:
        """Whether the operation happens inside one tenant, named in the path."""
        return issubclass(self.input_class, TenantInput)

    @property
    def sends_body(self) -> bool:
        """Whether the fields that are not in the path travel as a JSON body; else in the query."""
        return self.method not in {"GET", "DELETE"}

    @property
    def field_names(self) -> tuple[str, ...]:
        """The fields that are not in the path."""
        return tuple(name for name in self.input_class.model_fields if name not in self.path_names)

    @property
    def list_names(self) -> tuple[str, ...]:
        """The fields that hold lists: in a query they are given once for each item."""
        fields = self.input_class.model_fields
        return tuple(name for name in self.field_names if get_origin(fields[name].annotation) is list)

    @property
    def needs_fresh(self) -> bool:
        """Whether the caller must have signed in within the last ten minutes."""
        return not isinstance(self.access, Anyone) and self.access.fresh

    @property
    def refuses_impersonation(self) -> bool:
        """Whether nobody does it in another's name: what must be fresh, and every change that does not allow it."""
        if isinstance(self.access, Anyone) or self.access.impersonation == "allowed":
            return False
        return self.needs_fresh or self.access.impersonation == "refused" or self.method != "GET"

    @property
    def all_errors(self) -> tuple[type[CentralError], ...]:
        """The declared errors and those that the input and the access imply."""
        implied: list[type[CentralError]] = [ValidationFailedError]
        if self.access.schemes:
            implied.append(UnauthenticatedError)
        if isinstance(self.access, TenantPermission | SystemPermission) or self.refuses_impersonation:
            implied.append(ForbiddenError)
        return tuple(sorted({*self.errors, *implied}, key=lambda error: error.status))


AnyOperation: TypeAlias = Operation[..., Any, Any]


@dataclass(frozen=True, slots=True)
class BrowserRoute:
    """What is no JSON call: redirects, pages, probes, files. `path` may hold `{names}`; `summary` says what it is for.

    A POST takes forms of this server's pages, a PUT a file.

    With `access` it is for who is signed in, in the tenant of its path; else its handler finds out who asks.
    """

    name: str
    method: Literal["GET", "POST", "PUT"]
    path: str
    summary: str
    rate: RateClass = "open"
    access: SignedIn | None = None

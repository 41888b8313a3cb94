"""Rich ids: `{prefix}-{ULID}`, one `str` subclass per kind of thing, 128 bits that fit a `uuid` column."""

from functools import cache
from itertools import product
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from ulid import ULID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_AS_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_ULID_LENGTH = 26
_LOW_30_BITS = (1 << 30) - 1


@cache
def _triples() -> tuple[str, ...]:
    """Spell every number of 15 bits; made at the first use, as it takes two milliseconds."""
    return tuple(map("".join, product(_ALPHABET, repeat=3)))


def _encode(number: int) -> str:
    """Write 128 bits as the 26 characters of a ULID (Crockford base 32), 15 bits at a time.

    Split into small integers first: lists spell an id for each of their rows.
    """
    spell = _triples()
    a, b = number >> 90, number >> 60 & _LOW_30_BITS
    c, d = number >> 30 & _LOW_30_BITS, number & _LOW_30_BITS
    top = f"{_ALPHABET[a >> 35]}{_ALPHABET[a >> 30 & 31]}"
    return (
        f"{top}{spell[a >> 15 & 32767]}{spell[a & 32767]}{spell[b >> 15]}{spell[b & 32767]}"
        f"{spell[c >> 15]}{spell[c & 32767]}{spell[d >> 15]}{spell[d & 32767]}"
    )


def _decode(text: str) -> int:
    """Read what `_encode` writes, as a number with the digits that Python has for the base 32."""
    return int(text.translate(_AS_DIGITS), 32)


class RichId(str):
    """An id that says what it names. Subclass with `prefix=`, which no other subclass may use.

    Raises `ValueError` for text that is not `{prefix}-{ULID}`, and `TypeError`, at import, for a prefix
    that is already taken.
    """

    __slots__ = ()
    prefix: ClassVar[str]
    registry: ClassVar[dict[str, type["RichId"]]] = {}

    def __init_subclass__(cls, *, prefix: str) -> None:
        """Register the prefix once for the whole system."""
        super().__init_subclass__()
        if (taken := RichId.registry.get(prefix)) is not None:
            raise TypeError(f"id prefix {prefix!r} of {cls.__name__} belongs to {taken.__name__}")
        cls.prefix = prefix
        RichId.registry[prefix] = cls

    def __new__(cls, text: str) -> Self:
        """Read an id; lower-case ULIDs are accepted and written in upper case."""
        prefix, separator, ulid = text.partition("-")
        ulid = ulid.upper()
        well_formed = (
            separator and prefix == cls.prefix and len(ulid) == _ULID_LENGTH and all(c in _VALUES for c in ulid)
        )
        if not well_formed or _VALUES[ulid[0]] > 7:
            raise ValueError(f"expected an id like '{cls.prefix}-01H2XVNZ7C9NXWK3TMCRD9QWMN'")
        return str.__new__(cls, f"{prefix}-{ulid}")

    @classmethod
    def new(cls) -> Self:
        """Make a new id: 48 bits of milliseconds, 80 random bits (ULID specification)."""
        return str.__new__(cls, f"{cls.prefix}-{_encode(int.from_bytes(ULID().bytes))}")

    @classmethod
    def from_uuid(cls, uuid: UUID) -> Self:
        """Give the id that stands for the same 128 bits."""
        return str.__new__(cls, f"{cls.prefix}-{_encode(uuid.int)}")

    @property
    def uuid(self) -> UUID:
        """The same 128 bits, as the database keeps them."""
        return UUID(int=_decode(self[-_ULID_LENGTH:]))

    @classmethod
    def _validate(cls, value: Any) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            try:
                return cls(value)
            except ValueError as error:
                raise PydanticCustomError("rich_id", "{reason}", {"reason": str(error)}) from None
        if isinstance(value, UUID):
            return cls.from_uuid(value)
        raise PydanticCustomError("rich_id", "Expected an id as text")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate text and UUIDs into this class; write it as text."""
        return core_schema.union_schema(
            [
                # What is one already, as in lists from the database, is recognised without a call into Python.
                core_schema.is_instance_schema(cls),
                core_schema.no_info_plain_validator_function(cls._validate),
            ],
            mode="left_to_right",
            # One error at the field itself: a union's own would name its arms.
            custom_error_type="rich_id",
            custom_error_message=f"Expected an id like '{cls.prefix}-01H2XVNZ7C9NXWK3TMCRD9QWMN'",
            serialization=core_schema.to_string_ser_schema(when_used="json"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the id by its pattern."""
        return {
            "type": "string",
            "pattern": f"^{cls.prefix}-[0-7][0-9A-HJKMNP-TV-Z]{{25}}$",
            "examples": [f"{cls.prefix}-01H2XVNZ7C9NXWK3TMCRD9QWMN"],
        }


class TenantId(RichId, prefix="tenant"):
    """A tenant."""


class TenantDeletionId(RichId, prefix="deletion"):
    """The deletion of a tenant, asked for or done."""


class UserId(RichId, prefix="user"):
    """A person in a tenant."""


class UserEmailId(RichId, prefix="email"):
    """An address of a person in a tenant."""


class EmailVerificationId(RichId, prefix="verification"):
    """A code that was mailed to an address, to show whose it is."""


class EmailChangeId(RichId, prefix="emailchange"):
    """A change of a person's primary address, of which the former one is told."""


class RoleId(RichId, prefix="role"):
    """A role of a tenant: permissions under one name."""


class UnitId(RichId, prefix="unit"):
    """A part of a tenant's organisation."""


class UnitAssignmentId(RichId, prefix="assignment"):
    """A person's place in a unit, for a time."""


class InvitationId(RichId, prefix="invitation"):
    """An invitation into a tenant."""


class AuthConnectorId(RichId, prefix="connector"):
    """A way in: a provider, or mailed codes."""


class ClientSecretId(RichId, prefix="secret"):
    """A secret by which a connector shows its provider who asks; the id tells nothing of it."""


class ConnectorTestId(RichId, prefix="test"):
    """A sign-in that only tries a connector."""


class DomainId(RichId, prefix="domain"):
    """A tenant's claim of a domain of the DNS."""


class SessionId(RichId, prefix="session"):
    """A signed-in browser or program."""


class SignInId(RichId, prefix="signin"):
    """A sign-in that has started and not ended: a login transaction or a mailed code."""


class IdentityId(RichId, prefix="identity"):
    """A person at an identity provider: `(tenant, connector, issuer, subject)`."""


class JobId(RichId, prefix="job"):
    """A piece of long work."""


class ImageId(RichId, prefix="image"):
    """A picture, from the moment that its file is expected."""


class EventId(RichId, prefix="event"):
    """Something that happened."""


class WebhookEndpointId(RichId, prefix="endpoint"):
    """Where a tenant's events are sent to."""


class WebhookSecretId(RichId, prefix="signingsecret"):
    """A secret that bodies sent to an endpoint are signed with; the id tells nothing of it."""


class WebhookDeliveryId(RichId, prefix="delivery"):
    """One event on its way to one endpoint."""

"""Key rings as they stand in a setting: `k2:base64key,k1:base64key`, the primary key first."""

import base64
import binascii
import re
import secrets
from typing import Final, Self, final

KEY_BYTES: Final = 32
_KEY_ID = re.compile(r"[a-z0-9_-]{1,32}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{43}=?")


def generate_key() -> str:
    """Make a key of 256 random bits, as the base64url text that a setting takes after `id:`."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")


@final
class RingKey:
    """A key with its id; what it prints never holds the key."""

    __slots__ = ("id", "material")

    def __init__(self, id: str, material: bytes) -> None:
        self.id: Final = id
        self.material: Final = material

    def __repr__(self) -> str:
        return f"RingKey({self.id!r})"

    def __reduce__(self) -> str:
        raise TypeError("keys are not serialised")


def _parse_entry(entry: str, where: str) -> RingKey:
    """Read `id:base64`; what is wrong is told by position, because a misplaced key may stand anywhere."""
    key_id, colon, encoded = entry.strip().partition(":")
    if not colon:
        raise ValueError(f"{where} has no ':' between the key's id and the key")
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"{where} has an id that is not 1 to 32 characters of a-z, 0-9, '_' and '-'")
    text = encoded.replace("+", "-").replace("/", "_")
    if not _BASE64.fullmatch(text):
        raise ValueError(f"{where} is not the base64 of {KEY_BYTES} bytes (44 characters, or 43 without '=')")
    try:
        material = base64.b64decode(text.rstrip("=") + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError(f"{where} is not valid base64") from None
    return RingKey(key_id, material)


def _refuse_twins(keys: tuple[RingKey, ...], setting: str) -> None:
    for second, key in enumerate(keys):
        for first, earlier in enumerate(keys[:second]):
            pair = f"{setting}: entries {first + 1} and {second + 1}"
            if earlier.id == key.id:
                raise ValueError(f"{pair} have the same id")
            if secrets.compare_digest(earlier.material, key.material):
                raise ValueError(f"{pair} hold the same key")


@final
class KeyRing:
    """Keys by id: the first is the primary, the others open what was sealed before."""

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[RingKey, ...]) -> None:
        self._keys = {key.id: key for key in keys}

    @classmethod
    def parse(cls, text: str, setting: str = "CENTRAL_VAULT_KEYS") -> Self:
        """Read a setting; a `ValueError` names the setting, the entry and the fault, never key material."""
        if not text.strip():
            raise ValueError(f"{setting} is empty; write id:key with a key of 'central-server keys new'")
        entries = enumerate(text.split(","), start=1)
        keys = tuple(_parse_entry(entry, f"{setting}: entry {place}") for place, entry in entries)
        _refuse_twins(keys, setting)
        return cls(keys)

    @property
    def primary(self) -> RingKey:
        """The key that seals and signs."""
        return next(iter(self._keys.values()))

    @property
    def keys(self) -> tuple[RingKey, ...]:
        """Every key, the primary first."""
        return tuple(self._keys.values())

    @property
    def ids(self) -> tuple[str, ...]:
        """Every key's id, the primary's first."""
        return tuple(self._keys)

    def get(self, key_id: str) -> RingKey | None:
        """Give the key of this id, if the ring holds it."""
        return self._keys.get(key_id)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def __reduce__(self) -> str:
        raise TypeError("keys are not serialised")

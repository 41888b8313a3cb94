"""Reading what a provider tells, by names."""

from collections.abc import Mapping
from typing import Any, cast

_OF_THE_PROTOCOL = frozenset(
    {"iss", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash", "auth_time", "sid"}
)


def claim_at(claims: Mapping[str, Any], path: str) -> object:
    """Give what stands under a name, or under names joined by dots; None for nothing.

    A name that has dots itself, as those of namespaces do, comes first.
    """
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, object]", value).get(name)
    return value


def about_person(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Give the claims that tell something of the person: not those that make the token one."""
    return {name: value for name, value in claims.items() if name not in _OF_THE_PROTOCOL}

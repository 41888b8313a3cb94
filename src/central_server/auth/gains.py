"""What a person gains by what their provider tells: attributes and roles, as the connector maps them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.oidc import about_person, claim_at, clean_text

_MOST_ITEMS = 500
_MOST_KEPT = 100


class Gains(NamedTuple):
    """Attributes by their names, the groups that the provider names, and the roles that these give."""

    attributes: dict[str, Any]
    groups: list[str]
    roles: list[str]


def gains_of(connector: DBAuthConnector, claims: Mapping[str, Any]) -> Gains:
    """Read the claims by a connector's mapping. What is absent, or no plain value, gives no attribute."""
    read = {name: _plain(claim_at(claims, path)) for name, path in connector["attribute_claims"].items()}
    attributes = {name: value for name, value in read.items() if value is not None}
    groups = [] if connector["group_claim"] is None else _texts(claim_at(claims, connector["group_claim"]))
    roles = sorted({each["role"] for each in connector["group_roles"] if each["group"] in groups})
    return Gains(attributes, groups, roles)


def wanted_claims(connector: DBAuthConnector) -> list[str]:
    """Name the claims that a connector maps."""
    group_claim = connector["group_claim"]
    return [*connector["attribute_claims"].values(), *([] if group_claim is None else [group_claim])]


def kept_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is kept of what a provider told of somebody: up to a hundred plain values."""
    plain = {name: _plain(value) for name, value in about_person(claims).items() if clean_text(name) is not None}
    return dict([(name, value) for name, value in plain.items() if value is not None][:_MOST_KEPT])


def claim_names(claims: Mapping[str, Any]) -> list[str]:
    """Name what a provider told of somebody."""
    return sorted(name[:200] for name in about_person(claims) if clean_text(name) is not None)[:_MOST_KEPT]


def _plain(value: object) -> Any:
    """Give a value that is one text, number or truth, or a list of texts; else None."""
    if isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < 2**53):
        return value
    if isinstance(value, list):
        return _texts(cast("list[object]", value)) or None
    return clean_text(value)


def _texts(value: object) -> list[str]:
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    cleaned = (clean_text(each) for each in listed[:_MOST_ITEMS])
    return [text for text in cleaned if text is not None]

"""Who may let a connector do what, and what of it never changes."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from central.auth_connectors.provisioning import ProvisioningInput
from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Actor

_OWNER = "owner"
_LASTING = {
    "oidc": ("issuer",),
    "oauth2": ("authorization_endpoint", "token_endpoint", "user_endpoint", "mapping.subject"),
    "email_code": (),
}
"""What people are known by, by kind."""


def check_same_provider(kind: str, settings: Mapping[str, Any], before: DBAuthConnector) -> None:
    """Refuse to make another provider of one that people are known by."""
    if kind != before["kind"]:
        raise ValidationFailedError.of("settings.kind", "The kind of a connector never changes", code="immutable")
    for name in _LASTING[kind]:
        if _member(settings, name) != _member(before["settings"], name):
            words = f"The {' of the '.join(reversed(name.split('.'))).replace('_', ' ')} of a connector never changes"
            field = ".".join(map(to_camel, name.split(".")))
            raise ValidationFailedError.of(f"settings.{field}", words, code="immutable")


def check_may_trust(actor: Actor, before: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> None:
    """Let only owners say whose addresses link, and how they are read: whoever does could become anybody by it."""
    trusted = settings.get("trusted_domains") or (before or {}).get("trusted_domains")
    if trusted and settings != before and not actor.is_owner:
        raise ForbiddenError("Only an owner changes a connector that links by addresses.", code="owner_needed")


def check_tested(*, tested: bool, force: bool) -> None:
    """Refuse to enable what was not tested, unless that is forced."""
    if not (tested or force):
        raise ConflictError(
            "No test sign-in has succeeded with these settings; start one, or force it.", code="connector_untested"
        )


def given_roles(provisioning: ProvisioningInput) -> set[str]:
    """Give the roles that a connector would give; raises `ValidationFailedError` for `owner`."""
    roles = {*provisioning.default_roles, *(each.role for each in provisioning.group_roles)}
    if _OWNER in roles:
        raise ValidationFailedError.of("provisioning", "Owners are made by owners alone", code="owner_not_given")
    return roles


def rests_on_same(settings: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a test by the settings before says as much of these."""
    return {**settings, "trusted_domains": None} == {**before, "trusted_domains": None}


def _member(settings: Mapping[str, Any], path: str) -> object:
    value: Any = settings
    for name in path.split("."):
        value = value[name]
    return value

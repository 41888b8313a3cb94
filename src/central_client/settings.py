"""Where a client's server, tenant and session come from: arguments, then the environment, then a profile."""

# ruff: noqa: PLC0415  (most clients never look at a profile, and pay nothing for it)

import os
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from central.kernel.text import TenantRef
from central_client.errors import SettingsError


@cache
def _tenant_adapter() -> TypeAdapter[str]:
    return TypeAdapter(TenantRef)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one source says, or all of them together."""

    base_url: str | None = None
    tenant: str | None = None
    session: SecretStr | None = None

    @classmethod
    def checked(cls, base_url: str | None, tenant: str | None, session: SecretStr | str | None) -> "Settings":
        """Check each value; empty text says nothing. Raises `SettingsError`."""
        return cls(
            base_url=check_base_url(base_url) if base_url else None,
            tenant=check_tenant(tenant) if tenant else None,
            session=as_secret(session),
        )

    def session_fits(self, base_url: str, tenant: str | None) -> bool:
        """Whether there is a session, for this server and this tenant as far as its own source says."""
        return self.session is not None and self.base_url in {None, base_url} and self.tenant in {None, tenant}


def as_secret(token: SecretStr | str | None) -> SecretStr | None:
    """Wrap a token so that no repr shows it; empty text is none."""
    secret = SecretStr(token) if isinstance(token, str) else token
    return secret if secret is not None and secret.get_secret_value() else None


def check_tenant(tenant: str) -> str:
    """Give the id or slug of a tenant back; raises `SettingsError` for what cannot be one."""
    try:
        return _tenant_adapter().validate_python(tenant)
    except ValidationError:
        raise SettingsError(f"{tenant!r} is no tenant's id or slug.", code="tenant_malformed") from None


def check_base_url(url: str) -> str:
    """Give the URL without a slash at its end; raises `SettingsError` for anything but plain http(s) addresses."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise SettingsError("The base URL must not hold a user name or password.", code="base_url_malformed")
    if not usable or parts.query or parts.fragment or not url.isprintable() or any(c in url for c in " \\?#"):
        raise SettingsError(
            f"The base URL {url!r} must be like 'https://central.example.com', without query or fragment.",
            code="base_url_malformed",
        )
    return url.rstrip("/")


def resolve_settings(given: Settings, profile: str | None) -> Settings:
    """Put the sources together; raises `SettingsError` when none of them names a server.

    The profile file is read only for a profile that was named, or when nothing else names a server. A session
    goes only to the server and the tenant that its own source names, if it names any.
    """
    layers = [given, from_environment()]
    named = profile or os.environ.get("CENTRAL_PROFILE")
    if named or not any(layer.base_url for layer in layers):
        layers.append(_from_profile(named))
    base_url = next((layer.base_url for layer in layers if layer.base_url), None)
    if base_url is None:
        from central_client.profiles import profile_path

        raise SettingsError(
            "No base URL: give one to the client, in CENTRAL_URL, or in a profile of "
            f"{profile_path()} (CENTRAL_CONFIG names another file, CENTRAL_PROFILE another profile).",
            code="base_url_missing",
        )
    tenant = next((layer.tenant for layer in layers if layer.tenant), None)
    session = next((layer.session for layer in layers if layer.session_fits(base_url, tenant)), None)
    return Settings(base_url, tenant, session)


def from_environment() -> Settings:
    """Give what the environment says."""
    read = os.environ.get
    return Settings.checked(read("CENTRAL_URL"), read("CENTRAL_TENANT"), read("CENTRAL_SESSION"))


def _from_profile(named: str | None) -> Settings:
    from central_client.profiles import DEFAULT_PROFILE, profile_path, read_profiles

    path = profile_path()
    values = read_profiles(path).get(named or DEFAULT_PROFILE)
    if values is None:
        if named:
            raise SettingsError(f"There is no profile {named!r} in {path}.", code="profile_missing")
        return Settings()
    return Settings.checked(values.get("base_url"), values.get("tenant"), values.get("session"))

"""Where somebody signs in: at which server and tenant, with which session, and in which profile it is kept."""

import os
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import SecretStr

from central_client.errors import SettingsError
from central_client.profiles import DEFAULT_PROFILE, Profiles, profile_path, read_profiles
from central_client.settings import Settings, from_environment

Source: TypeAlias = Literal["arguments", "environment", "profile"]
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """A server and a tenant, the session that is there for them with its source, and the profile that is theirs."""

    base_url: str
    tenant: str | None
    session: SecretStr | None
    source: Source | None
    profile: str

    @property
    def place(self) -> str:
        """The account for people."""
        return f"{self.tenant} at {self.base_url}" if self.tenant else self.base_url


def find_account(given: Settings, profile: str | None, *, must_exist: bool = False) -> Account:
    """Put arguments, environment and profiles together.

    Arguments go before the profile that one of them names, that before the environment, and that before the profile
    of `CENTRAL_PROFILE` or the default one. A tenant counts only with the server, and a session only with the server
    and the tenant, that its own source names. Where no profile is named, the one that is for this server and tenant is
    used, whatever it is called; the default profile is never written over by another account.
    Raises `SettingsError` when nothing names a server, or, if it `must_exist`, for a named profile that is not there.
    """
    profiles = read_profiles(profile_path())
    named = profile or os.environ.get("CENTRAL_PROFILE") or None
    if must_exist and named is not None and named not in profiles:
        raise SettingsError(f"There is no profile {named!r} in {profile_path()}.", code="profile_missing")
    environment, chosen = from_environment(), _of_profile(profiles, named or DEFAULT_PROFILE)
    layers = [given, chosen, environment] if profile else [given, environment, chosen]
    base_url = next((layer.base_url for layer in layers if layer.base_url), None)
    if base_url is None:
        raise SettingsError(
            f"No server is named: give its URL, set CENTRAL_URL, or use a profile of {profile_path()}.",
            code="base_url_missing",
        )
    tenant = next((layer.tenant for layer in layers if layer.tenant and layer.base_url in {None, base_url}), None)
    keep = named or _alike(profiles, base_url, tenant) or _free_name(profiles, tenant)
    sources: dict[Source, Settings] = {"arguments": given}
    saved: dict[Source, Settings] = {"profile": _of_profile(profiles, keep)}
    around: dict[Source, Settings] = {"environment": environment}
    sources |= saved | around if profile else around | saved
    source: Source | None = next((name for name, says in sources.items() if says.session_fits(base_url, tenant)), None)
    return Account(base_url, tenant, sources[source].session if source else None, source, keep)


def _of_profile(profiles: Profiles, name: str) -> Settings:
    values = profiles.get(name, {})
    return Settings.checked(values.get("base_url"), values.get("tenant"), values.get("session"))


def _alike(profiles: Profiles, base_url: str, tenant: str | None) -> str | None:
    """Find the profile for a server and a tenant, the default one first."""
    names = [
        name
        for name, values in profiles.items()
        if (values.get("base_url", "").rstrip("/"), values.get("tenant")) == (base_url, tenant)
    ]
    return min(names, key=lambda name: name != DEFAULT_PROFILE) if names else None


def _free_name(profiles: Profiles, tenant: str | None) -> str:
    """Name a new profile: the default one if that is free, else after its tenant."""
    if DEFAULT_PROFILE not in profiles:
        return DEFAULT_PROFILE
    stem = _NOT_IN_NAMES.sub("-", tenant or "central")[:50]
    names = [stem, *(f"{stem}-{number}" for number in range(2, len(profiles) + 3))]
    return next(name for name in names if name not in profiles)

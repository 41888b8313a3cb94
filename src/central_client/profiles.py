"""The profile file: base URLs, tenants and sessions by name, for nobody's eyes but its owner's."""

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, cast

from pydantic import SecretStr

from central_client.errors import SettingsError

DEFAULT_PROFILE = "default"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def profile_path() -> Path:
    """Give `CENTRAL_CONFIG`, else `~/.config/central/profiles.toml`."""
    return Path(os.environ.get("CENTRAL_CONFIG") or Path.home() / ".config" / "central" / "profiles.toml")


def read_profiles(path: Path) -> dict[str, dict[str, str]]:
    """Read all profiles; none when there is no file.

    Raises `SettingsError` when others than its owner may read the file, or when it is no file of profiles.
    """
    try:
        with path.open("rb") as file:
            _refuse_if_shared(os.fstat(file.fileno()), path)
            tables: dict[str, Any] = tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"Cannot read {path}: {error}", code="profile_unreadable") from None
    profiles: dict[str, dict[str, str]] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{path}: {name!r} is no table of a profile.", code="profile_unreadable")
        items = cast("dict[str, Any]", table).items()
        profiles[name] = {key: value for key, value in items if isinstance(value, str)}
    return profiles


def _refuse_if_shared(status: os.stat_result, path: Path) -> None:
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise SettingsError(
            f"{path} may be read by others and can hold sessions. Run: chmod 600 {path}", code="profile_unsafe"
        )


def save_profile(
    name: str = DEFAULT_PROFILE,
    *,
    base_url: str,
    tenant: str | None = None,
    session: SecretStr | str | None = None,
    path: Path | None = None,
) -> Path:
    """Save one profile, replacing it whole, and give the file's path; the other profiles stay (comments do not).

    The file appears at once or not at all, with mode 0600; of two that save at the same time the last one wins.
    Raises `SettingsError` for values that no profile can hold, and as reading does for the file that is there.
    """
    target = path or profile_path()
    token = session.get_secret_value() if isinstance(session, SecretStr) else session
    values = {"base_url": base_url, "tenant": tenant, "session": token}
    if not _NAME.fullmatch(name) or any(_CONTROL.search(value) for value in values.values() if value):
        raise SettingsError("A profile's name or one of its values has characters it cannot have.")
    profiles = read_profiles(target)
    profiles[name] = {key: value for key, value in values.items() if value}
    _replace(target, "\n".join(_table(title, items) for title, items in profiles.items()))
    return target


def _table(title: str, items: dict[str, str]) -> str:
    lines = [f"{_quoted(key)} = {_quoted(value)}" for key, value in items.items()]
    return "\n".join([f"[{_quoted(title)}]", *lines, ""])


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, as long as nothing beyond the escapes they share is in it.
    return json.dumps(text, ensure_ascii=False)


def _replace(target: Path, text: str) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=".profiles-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(target)  # NamedTemporaryFile makes files of mode 0600
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

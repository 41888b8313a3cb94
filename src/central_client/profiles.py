"""The profile file: base URLs, tenants and sessions by name, for nobody's eyes but its owner's.

Sessions are kept in this file alone, and not in the system's keyring: one is missing where tools run most, on servers,
in containers and notebooks, and where it is there, every program of the same user may read it as it may this file.
"""

import json
import os
import re
import stat
import sys
import tomllib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeAlias, cast

from pydantic import SecretStr

from central_client.errors import SettingsError

DEFAULT_PROFILE = "default"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


Profiles: TypeAlias = dict[str, dict[str, str]]


def profile_path() -> Path:
    r"""Give `CENTRAL_CONFIG`, else `~/.config/central/profiles.toml`, on Windows `%APPDATA%\central\profiles.toml`."""
    if named := os.environ.get("CENTRAL_CONFIG"):
        return Path(named)
    if sys.platform == "win32" and (folder := os.environ.get("APPDATA")):
        return Path(folder) / "central" / "profiles.toml"
    return Path.home() / ".config" / "central" / "profiles.toml"


def read_profiles(path: Path) -> Profiles:
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
    profiles: Profiles = {}
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

    The file appears at once or not at all, with mode 0600; processes that save at the same time wait for each other.
    Raises `SettingsError` for values that no profile can hold, and as reading does for the file that is there.
    """
    target = path or profile_path()
    token = session.get_secret_value() if isinstance(session, SecretStr) else session
    values = {"base_url": base_url, "tenant": tenant, "session": token}
    if not _NAME.fullmatch(name) or any(_CONTROL.search(value) for value in values.values() if value):
        raise SettingsError("A profile's name or one of its values has characters it cannot have.")

    def put(profiles: Profiles) -> bool:
        profiles[name] = {key: value for key, value in values.items() if value}
        return True

    _change(target, put)
    return target


def forget_session(token: str, *, path: Path | None = None) -> list[str]:
    """Take a session out of every profile that has it, whatever else it holds stays; gives their names."""
    forgotten: list[str] = []

    def forget(profiles: Profiles) -> bool:
        for name, values in profiles.items():
            if values.get("session") == token:
                del values["session"]
                forgotten.append(name)
        return bool(forgotten)

    _change(path or profile_path(), forget)
    return forgotten


def _change(target: Path, change: Callable[[Profiles], bool]) -> None:
    """Read the profiles, change them and write them if they are others then, while other processes wait."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(target.parent):
        profiles = read_profiles(target)
        if change(profiles):
            _replace(target, "\n".join(_table(title, items) for title, items in profiles.items()))


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _locked(folder: Path) -> Generator[None]:
        with (folder / ".profiles.lock").open("a+b") as file:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    @contextmanager
    def _locked(folder: Path) -> Generator[None]:
        """Lock the folder itself, which needs no file beside the profiles and is let go of by a process that dies."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _table(title: str, items: dict[str, str]) -> str:
    lines = [f"{_quoted(key)} = {_quoted(value)}" for key, value in items.items()]
    return "\n".join([f"[{_quoted(title)}]", *lines, ""])


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, as long as nothing beyond the escapes they share is in it.
    return json.dumps(text, ensure_ascii=False)


def _replace(target: Path, text: str) -> None:
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

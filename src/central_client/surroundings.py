"""What surrounds this process: whether somebody sees it, on which machine their browser is, and so how they sign in."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

from central_client.errors import SettingsError

Way: TypeAlias = Literal["device", "loopback"]

_CI = (
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BUILDKITE",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "CODEBUILD_BUILD_ID",
)
_SSH = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_NO = frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`has_terminal`: somebody reads what is shown; `has_display`: a browser can be opened on this machine."""

    ci: str | None
    in_notebook: bool
    over_ssh: bool
    has_display: bool
    has_terminal: bool

    @classmethod
    def look(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Look around."""
        read = os.environ if environment is None else environment
        on_desktop_system = sys.platform in {"win32", "darwin"}
        return cls(
            ci=next((name for name in _CI if read.get(name, "").lower() not in _NO), None),
            in_notebook=in_notebook(),
            over_ssh=any(read.get(name) for name in _SSH),
            has_display=on_desktop_system or any(read.get(name) for name in _DISPLAYS),
            has_terminal=_is_terminal(sys.stdin) and _is_terminal(sys.stderr),
        )

    def choose(self) -> Way:
        """Choose how somebody signs in here; `SettingsError` where nobody would see that they are asked."""
        if self.ci is not None and not self.has_terminal:
            raise _unattended(f"Nobody signs in interactively in CI ({self.ci} is set).")
        if self.in_notebook or self.over_ssh:
            return "device"
        if self.has_display:
            return "loopback"
        if self.has_terminal:
            return "device"
        raise _unattended("Nobody would see that they are asked to sign in: there is no terminal, notebook or display.")


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def _unattended(reason: str) -> SettingsError:
    return SettingsError(
        f"{reason} Set CENTRAL_SESSION (with CENTRAL_URL and CENTRAL_TENANT), or sign in before with `central login`; "
        "to sign in all the same, ask for a way: how='device', `central login --device`.",
        code="sign_in_unattended",
    )

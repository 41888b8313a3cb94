"""The settings of a development server: made anew at each start, but for its keys and passwords."""

# ruff: noqa: PLC0415  (keys are made once)

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from dotenv import dotenv_values

from central_server.cli.dev.command import command_path
from central_server.cli.dev.folders import DevFolders, write_private
from central_server.cli.dev.ports import DevPorts
from central_server.infra.embedded.postgres import EmbeddedPostgres

TENANT = "acme"
OWNER = "owner@acme.example"
_APP_ROLE = "central_app"
# What the person's own environment may say for other servers, and must not for this one.
_NOT_OURS = (
    "CENTRAL_ENV_FILE",
    "CENTRAL_DATABASE_REPLICA_URL",
    "CENTRAL_TEMPORAL_API_KEY",
    "CENTRAL_TEMPORAL_TLS",
    "CENTRAL_METRICS_PORT",
)


class DevSecrets(NamedTuple):
    """What stays the same from run to run."""

    vault_keys: str
    signing_keys: str
    password: str


def read_secrets(path: Path) -> DevSecrets:
    """Read the secrets of the last run, and make those that are missing."""
    from central_server.cli.keys import new_key

    last = dotenv_values(path) if path.exists() else {}
    return DevSecrets(
        vault_keys=last.get("CENTRAL_VAULT_KEYS") or new_key(),
        signing_keys=last.get("CENTRAL_SIGNING_KEYS") or new_key(),
        password=urlsplit(last.get("CENTRAL_DATABASE_URL") or "").password or secrets.token_urlsafe(24),
    )


def make_settings(folders: DevFolders, ports: DevPorts, kept: DevSecrets, postgres: EmbeddedPostgres) -> dict[str, str]:
    """Give the settings as variables, and write them to the folder for other commands."""
    values = {
        "CENTRAL_ENVIRONMENT": "development",
        "CENTRAL_PUBLIC_URL": f"http://127.0.0.1:{ports.api}",
        "CENTRAL_HOST": "127.0.0.1",
        "CENTRAL_PORT": str(ports.api),
        "CENTRAL_DATABASE_URL": postgres.url(_APP_ROLE, kept.password),
        "CENTRAL_DATABASE_OWNER_URL": postgres.url(),
        "CENTRAL_TEMPORAL_ADDRESS": f"127.0.0.1:{ports.temporal}",
        "CENTRAL_TEMPORAL_NAMESPACE": "default",
        "CENTRAL_VAULT_KEYS": kept.vault_keys,
        "CENTRAL_SIGNING_KEYS": kept.signing_keys,
        "CENTRAL_MAIL_URL": f"directory://{quote(str(folders.mailbox))}",
        "CENTRAL_OBJECT_STORE_URL": folders.objects.as_uri(),
        "CENTRAL_MAIL_FROM": "Central <no-reply@central.example>",
    }
    lines = [f"{name}={_quoted(value)}" for name, value in values.items()]
    write_private(folders.settings, "\n".join(["# Written by `central-server dev` at each start.", *lines, ""]))
    return values


def child_environment(values: Mapping[str, str], **more: str) -> dict[str, str]:
    """Give what is added to the environment of a process of the server; only migrations get the owner's URL."""
    return dict.fromkeys(_NOT_OURS, "") | dict(values) | {"CENTRAL_DATABASE_OWNER_URL": ""} | more


def command_environment(ports: DevPorts, session: str) -> dict[str, str]:
    """Give the whole environment of a person's command: their own, and how to reach the server as its operator.

    The programs of this Python come first on the path, so that `python` has the client, activated or not.
    """
    url = f"http://127.0.0.1:{ports.api}"
    return {
        **os.environ,
        "PATH": command_path(),
        "CENTRAL_URL": url,
        "CENTRAL_TENANT": TENANT,
        "CENTRAL_SESSION": session,
        "CENTRAL_MAILBOX_URL": f"{url}/dev/mailbox",
    }


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

"""The settings of every process of the server, from `CENTRAL_…` variables and an optional file of the same."""

import ipaddress
import os
import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from central_server.infra.dns import parse_server
from central_server.infra.rate_limits.bucket import Limit

IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line for the person who starts the server."""


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError(f"expected an origin like https://app.example.com, not {value!r}")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _limit(value: object) -> object:
    return Limit.parse(value) if isinstance(value, str) else value


def _resolver(value: str) -> str:
    return str(parse_server(value))


def _archive_key(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("expected a public key of 64 hexadecimal digits, as `central-server keys archive` shows it")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
ArchiveKey = Annotated[str, AfterValidator(_archive_key)]
RateLimit = Annotated[InstanceOf[Limit], NoDecode, BeforeValidator(_limit), PlainSerializer(str)]
ResolverAddress = Annotated[str, AfterValidator(_resolver)]


class Settings(BaseSettings):
    """Everything that can be set. Outside development nothing that must be secret or chosen has a default."""

    model_config = SettingsConfigDict(
        env_prefix="CENTRAL_", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True, frozen=True
    )

    environment: Literal["production", "development"] = Field(
        default="production",
        description="`development` allows http, loopback addresses of providers and the mailbox page.",
    )
    public_url: Origin = Field(
        description="Where people reach the server: links, callback addresses and cookies are made from it."
    )
    host: str = Field(default="127.0.0.1", description="The address that the API listens on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port that the API listens on.")
    metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="The port of Prometheus metrics (`/metrics`); none when absent."
    )
    traces: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Whether to tell an OpenTelemetry collector of requests and work: `auto` when "
        "`OTEL_TRACES_EXPORTER` or `OTEL_EXPORTER_OTLP_ENDPOINT` is set; needs `central[telemetry]`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level that is logged."
    )

    database_url: SecretStr = Field(
        description="PostgreSQL 16 or newer, as the application's role, which neither owns the tables nor bypasses "
        "row-level security: `postgresql://central_app:…@host/central`."
    )
    database_replica_url: SecretStr | None = Field(
        default=None, description="A replica for reads, as the same role; the database itself when absent."
    )
    database_owner_url: SecretStr | None = Field(
        default=None, description="The same database as the role that owns the tables; only `migrate` needs it."
    )
    database_pool_size: int = Field(default=20, ge=1, le=500, description="The most connections of one process.")
    database_pool_timeout: float = Field(
        default=2.0, gt=0, le=60, description="Seconds to wait for a connection before answering 503."
    )

    temporal_address: str = Field(default="127.0.0.1:7233", description="Temporal's frontend, `host:port`.")
    temporal_namespace: str = Field(default="default", description="The Temporal namespace.")
    temporal_api_key: SecretStr | None = Field(default=None, description="For Temporal Cloud; switches TLS on.")
    temporal_tls: bool = Field(default=False, description="Whether to speak TLS to Temporal.")

    vault_keys: SecretStr = Field(
        description="Keys that seal secrets in the database, `id:base64,…`, the primary first; `keys new` makes one."
    )
    signing_keys: SecretStr = Field(
        description="Keys that sign codes and cursors, `id:base64,…`, the primary first; `keys new` makes one."
    )

    mail_url: SecretStr = Field(
        description="Where mail goes: `smtp://user:password@host:587`, `smtps://…:465`, or, in development, "
        "`directory:///path`."
    )
    mail_from: str = Field(description="The sender of mails: `Central <no-reply@example.com>`.")

    object_store_url: str | None = Field(
        default=None,
        description="Where files are kept, such as those of jobs: `file:///folder`, `s3://bucket/prefix`, "
        "`gs://bucket/prefix` or `az://container/prefix`; credentials come from the provider's own variables. The API "
        "and the workers need it, and the same; in development it is the folder `.central/objects` when absent.",
    )
    presigned_uploads: bool = Field(
        default=False,
        description="Whether files of pictures are sent straight to the bucket, by URLs that it takes, instead of "
        "through the API; callers must reach it, and browsers need its rules for other origins (CORS).",
    )
    job_rest: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="For how long an import of users rests between two batches, so that others are served: in times of "
        "what the batch took; 0 for no rest.",
    )
    job_files_kept: timedelta = Field(
        default=timedelta(days=7),
        ge=timedelta(hours=1),
        le=timedelta(days=365),
        description="How long the file that a job gives can be downloaded (seconds or ISO 8601).",
    )
    ended_jobs_kept: timedelta = Field(
        default=timedelta(days=90),
        ge=timedelta(days=1),
        le=timedelta(days=3650),
        description="How long jobs are kept after their end; one that has a file, at least as long as that.",
    )

    allowed_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        default=(),
        description="Other origins whose pages may call the API and be returned to after sign-in, by commas.",
    )
    trusted_proxies: Annotated[tuple[IpNetwork, ...], NoDecode] = Field(
        default=(), description="Networks whose `X-Forwarded-For` is believed, by commas: `10.0.0.0/8`."
    )

    dns_resolvers: Annotated[tuple[ResolverAddress, ...], NoDecode] = Field(
        default=(),
        description="Resolvers that are asked for the proofs of domains, by commas: `9.9.9.9, [2620:fe::fe]:53`; the "
        "system's when absent. Choose some that validate (DNSSEC).",
    )
    dns_timeout: float = Field(default=5.0, gt=0, le=30, description="Seconds for one look-up, all its tries together.")
    domain_grace_period: timedelta = Field(
        default=timedelta(days=7),
        ge=timedelta(0),
        le=timedelta(days=365),
        description="How long a domain counts as verified after its proof has gone (seconds or ISO 8601).",
    )
    allow_free_mail_domains: bool = Field(
        default=False, description="Whether domains such as `gmail.com`, where anybody gets an address, can be claimed."
    )
    geoip_database: Path | None = Field(
        default=None,
        description="A file in the MaxMind DB format that says where addresses are; needs `central[geoip]`.",
    )

    member_idle_timeout: timedelta = Field(
        default=timedelta(days=7),
        description="After how long without use a member's session ends (seconds or ISO 8601).",
    )
    member_session_lifetime: timedelta = Field(
        default=timedelta(days=30), description="After how long a member's session ends in any case."
    )
    admin_idle_timeout: timedelta = Field(
        default=timedelta(hours=1), description="As `member_idle_timeout`, for owners, admins and operators."
    )
    admin_session_lifetime: timedelta = Field(
        default=timedelta(hours=24), description="As `member_session_lifetime`, for owners, admins and operators."
    )

    ended_sessions_kept: timedelta = Field(
        default=timedelta(days=180),
        ge=timedelta(days=1),
        le=timedelta(days=3650),
        description="How long sessions are kept after their end, for searching (seconds or ISO 8601).",
    )

    webhook_deliveries_kept: timedelta = Field(
        default=timedelta(days=30),
        ge=timedelta(days=1),
        le=timedelta(days=365),
        description="How long webhook deliveries are kept after their end (seconds or ISO 8601).",
    )
    tenant_undo_window: timedelta = Field(
        default=timedelta(days=14),
        ge=timedelta(0),
        le=timedelta(days=365),
        description="How long a tenant that was deleted can be restored, before anything of it goes (seconds or ISO "
        "8601); at least a day outside development.",
    )

    trusted_archive_keys: Annotated[tuple[ArchiveKey, ...], NoDecode] = Field(
        default=(),
        description="Public keys of other servers whose archives of tenants may be imported, by commas; "
        "`central-server keys archive` shows a server's own.",
    )

    rate_limits: Literal["postgres", "memory", "off"] = Field(
        default="postgres",
        description="Where requests are counted: for all processes together, in each by itself, or not at all.",
    )
    rate_limit_per_tenant: RateLimit = Field(
        default=Limit(30_000, 60), description="Requests of one tenant's users: a count, and a time in s, m, h or d."
    )
    rate_limit_per_user: RateLimit = Field(default=Limit(1200, 60), description="Requests of one user.")
    rate_limit_look_ups_per_tenant: RateLimit = Field(
        default=Limit(120, 600), description="Look-ups in the DNS that one tenant's users ask for."
    )
    rate_limit_look_ups_per_user: RateLimit = Field(
        default=Limit(60, 600), description="Look-ups in the DNS that one user asks for."
    )
    rate_limit_per_address: RateLimit = Field(
        default=Limit(600, 60), description="Requests without a session from one address, or one /64 of IPv6."
    )
    rate_limit_pictures: RateLimit = Field(
        default=Limit(6000, 60), description="Pictures shown to one address; browsers keep what they were shown."
    )
    rate_limit_sign_ins: RateLimit = Field(
        default=Limit(600, 600), description="Sign-ins begun, and returns from providers, from one address."
    )
    rate_limit_code_failures: RateLimit = Field(
        default=Limit(30, 600), description="Wrong codes from one address, for whichever sign-ins."
    )

    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="The largest body of a request.")
    max_header_bytes: int = Field(default=16_384, ge=1024, description="The largest sum of a request's headers.")

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Read lists as people write them in an environment: `a, b`."""
        for name in ("allowed_origins", "trusted_proxies", "dns_resolvers", "trusted_archive_keys"):
            if isinstance(text := values.get(name), str):
                values[name] = [part.strip() for part in text.split(",") if part.strip()]
        return values

    @model_validator(mode="after")
    def _refuse_insecure_production(self) -> Self:
        if self.environment == "production":
            if not self.public_url.startswith("https://"):
                raise ValueError("public_url must be https outside development")
            if self.mail_url.get_secret_value().startswith("directory:"):
                raise ValueError("mail_url must be smtp:// or smtps:// outside development")
            if self.tenant_undo_window < timedelta(days=1):
                raise ValueError("tenant_undo_window must be at least a day outside development")
        return self

    @property
    def development(self) -> bool:
        """Whether this is a development server."""
        return self.environment == "development"

    @cached_property
    def secure_cookies(self) -> bool:
        """Whether cookies are Secure and carry the `__Host-` prefix: everywhere but over plain http."""
        return self.public_url.startswith("https://")


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the settings; raise `SettingsError` with one clear line when one is missing or wrong.

    The file is the argument's, else the one that `CENTRAL_ENV_FILE` names; variables win over it.
    """
    if env_file is None and (named := os.environ.get("CENTRAL_ENV_FILE")):
        env_file = Path(named)
    if env_file is not None and not env_file.is_file():
        raise SettingsError(f"CENTRAL_ENV_FILE: there is no file {env_file}")
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg] # pydantic-settings reads the environment
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(details) for details in error.errors())) from None


def _explain(details: Any) -> str:
    name = "_".join(str(part) for part in details["loc"][:1]).upper()
    if details["type"] == "missing":
        description = Settings.model_fields[name.lower()].description
        return f"CENTRAL_{name} is not set. {description}"
    message = details["msg"].removeprefix("Value error, ")
    return f"CENTRAL_{name}: {message}" if name else message

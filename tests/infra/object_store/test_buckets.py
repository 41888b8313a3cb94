"""What only servers of objects have: credentials, and URLs by which others send them files."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central.errors import UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.object_store import Bucket, ObjectStore
from infra.object_store.conftest import opened
from support.buckets import BucketServer

STAGING = Bucket.UPLOAD_STAGING
CHECKING = pytest.mark.parametrize("server", ["s3", "azure"], indirect=True)
"""Rclone without keys, which stands for Google's, looks at no credentials."""


async def put(url: str, content: bytes, headers: Mapping[str, str]) -> int:
    """Send a file as anybody would who has the URL."""
    async with httpx.AsyncClient() as http:
        return (await http.put(url, content=content, headers={"content-type": "image/png", **headers})).status_code


async def test_a_signed_put(bucket: ObjectStore, tenant: TenantId) -> None:
    """A bucket takes an object by a signed URL with its headers, again if need be."""
    signed = await bucket.presign_put(STAGING, tenant, "images/one", 60)
    assert signed is not None
    assert await bucket.signs()
    for content in (b"before", b"content"):
        assert await put(signed.url, content, signed.headers) in {200, 201}
    assert await bucket.size(STAGING, tenant, "images/one") == 7
    assert [key async for key in bucket.list(STAGING, tenant)] == ["images/one"]


@CHECKING
async def test_a_signature_is_for_one_object(bucket: ObjectStore, tenant: TenantId) -> None:
    """Neither another key, nor another tenant's, nor another way, nor one without the signature is let in."""
    signed = await bucket.presign_put(STAGING, tenant, "images/one", 60)
    assert signed is not None
    other, bare = TenantId.new(), signed.url.split("?")[0]
    for url in (signed.url.replace("/one", "/other"), signed.url.replace(tenant, other), bare):
        assert await put(url, b"content", signed.headers) in {400, 403}
    async with httpx.AsyncClient() as http:
        for method in ("GET", "DELETE"):
            assert (await http.request(method, signed.url)).status_code in {400, 403}
    assert [key for whose in (tenant, other) async for key in bucket.list(STAGING, whose)] == []


@CHECKING
async def test_a_signature_runs_out(bucket: ObjectStore, tenant: TenantId) -> None:
    """After its time a URL lets nothing in."""
    signed = await bucket.presign_put(STAGING, tenant, "images/one", 0)
    assert signed is not None
    assert await put(signed.url, b"content", signed.headers) in {400, 403}
    assert await bucket.size(STAGING, tenant, "images/one") is None


@pytest.mark.parametrize("server", ["azure"], indirect=True)
async def test_azure_needs_its_header(bucket: ObjectStore, tenant: TenantId) -> None:
    """Azure takes no file without the header that says what becomes of it, so that it must be among those given."""
    signed = await bucket.presign_put(STAGING, tenant, "images/one", 60)
    assert signed is not None
    assert signed.headers == {"x-ms-blob-type": "BlockBlob"}
    assert await put(signed.url, b"content", {}) == 400


@pytest.mark.parametrize("server", ["google"], indirect=True)
async def test_googles_signature(server: BucketServer, bucket: ObjectStore, tenant: TenantId) -> None:
    """What no server here checks is checked as Google's V4 signing process says: way, path, time, and Google's host."""
    signed = await bucket.presign_put(STAGING, tenant, "images/one", 60)
    assert signed is not None
    assert signed.headers == {}
    parts = urlsplit(signed.url)
    query = dict(parse_qsl(parts.query))
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    assert (query["X-Goog-Expires"], query["X-Goog-SignedHeaders"]) == ("60", "host")
    asked = [
        "PUT",
        parts.path,
        urlencode(sorted(query.items())),
        "host:storage.googleapis.com",
        "",
        "host",
        "UNSIGNED-PAYLOAD",
    ]
    scope = query["X-Goog-Credential"].partition("/")[2]
    digest = hashlib.sha256("\n".join(asked).encode()).hexdigest()
    text = "\n".join([query["X-Goog-Algorithm"], query["X-Goog-Date"], scope, digest])
    _public_key(server).verify(signature, text.encode(), padding.PKCS1v15(), SHA256())


def _public_key(server: BucketServer) -> rsa.RSAPublicKey:
    account = json.loads(Path(server.variables["GOOGLE_APPLICATION_CREDENTIALS"]).read_text())
    key = load_pem_private_key(account["private_key"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.public_key()


@CHECKING
async def test_wrong_credentials(server: BucketServer, tenant: TenantId) -> None:
    """Credentials that are wrong are said to be, and are not repeated, by whichever call."""
    store = opened(server, **server.wrong)
    secret = next(iter(server.wrong.values()))
    for call in (
        store.works(),
        store.size(STAGING, tenant, "a"),
        store.get(STAGING, tenant, "a"),
        store.delete(STAGING, tenant, "a"),
        store.delete_prefix(tenant),
    ):
        with pytest.raises(UnavailableError, match="does not let the server in") as refusal:
            await call
        told = f"{refusal.value} {refusal.value.__cause__}"
        assert secret not in told
        assert base64.b64encode(secret.encode()).decode() not in told


async def test_a_bucket_that_is_not_there(server: BucketServer, tenant: TenantId) -> None:
    """A bucket that nobody has made is said to be none by what writes, which `doctor` does."""
    store = opened(server, server.url.replace("tenants", "no-bucket"))
    with pytest.raises(UnavailableError, match="no such bucket"):
        await store.works()


async def test_http_must_be_allowed(server: BucketServer, tenant: TenantId) -> None:
    """Without the variable that allows it, nothing is sent without TLS."""
    store = opened(server, without="ALLOW_HTTP")
    with pytest.raises(UnavailableError, match="does not answer"):
        await store.works()

"""Files that go straight to a bucket, on a server of S3, and what may go wrong on the way."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from central.errors import CentralError, ConflictError, ConnectionFailedError, GoneError
from central.images.models import Image, ImageUploadPrivate
from central_client import AsyncCentral, Central
from central_server.images.staged import EndedUploads
from images.conftest import Objects, bucket_stack
from support.exporting import while_working
from support.hostile_pictures import photo
from support.picturing import created, unlike_others, worked_on
from support.place import BASE_URL, Place, Stack
from support.served import served
from support.wire import Wire

SENT_HEADERS = {"host", "content-type", "content-length"}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """An API whose callers send files to a server of S3."""
    async with bucket_stack("s3", tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def wire(stack: Stack) -> Wire:
    """What the test's `watched` client sends."""
    return Wire(stack)


@pytest.fixture
async def watched(place: Place, wire: Wire) -> AsyncIterator[AsyncCentral]:
    """The owner, by a client with secrets of its own in every place that it has for them."""
    given = {"authorization": "Bearer secret", "x-given": "secret"}
    session = place.owner.session_token
    async with httpx.AsyncClient(transport=wire, cookies={"own": "secret"}, headers={"x-own": "secret"}) as http:
        yield AsyncCentral(BASE_URL, tenant=place.tenant.slug, session=session, http_client=http, headers=given)


async def sent(upload: ImageUploadPrivate, content: bytes, **changed: str) -> int:
    """Send a file to the bucket as anybody would who has the upload."""
    async with httpx.AsyncClient() as http:
        headers = {**upload.headers, **changed}
        return (await http.request(upload.method, upload.url, headers=headers, content=content)).status_code


async def completed(client: AsyncCentral, content: bytes, **more: str) -> tuple[ImageUploadPrivate, Image]:
    """Hand a picture over."""
    upload = await created(client, content, **more)
    assert await sent(upload, content) == 200
    return upload, await client.images.complete_upload(image=upload.image)


async def sweep(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for files that nobody needs, however new they are."""
    monkeypatch.setattr("central_server.images.staged._STRAY_AGE", timedelta(seconds=-10))
    assert await (await stack.central.container.get(EndedUploads)).delete_strays(lambda: None)


async def test_the_file_goes_to_the_bucket_alone(
    place: Place, watched: AsyncCentral, wire: Wire, objects: Objects
) -> None:
    """The API sees no byte of it; the picture is made, shown by links, and nothing is left of what was sent."""
    content = photo(300, 200)
    image = await while_working(place, watched.images.upload(content, usage="logo"))
    assert (image.state, image.width, image.height) == ("ready", 300, 200)
    (put,) = wire.to_others
    assert (put.method, put.body) == ("PUT", content)
    assert {one.method for one in wire.to_api} == {"GET", "POST"}
    assert not any(content[:100] in one.body for one in wire.to_api)
    assert await objects.sent() == []
    assert len(await objects.shown()) == len(image.renditions)
    async with place.stack.http() as http:
        shown = [await http.get(one.url) for one in image.renditions]
    assert {one.status_code for one in shown} == {200}


async def test_nothing_but_the_file_goes_there(watched: AsyncCentral, wire: Wire) -> None:
    """Neither the session, nor an idempotency key, nor what the caller's own client holds is the bucket's business."""
    client = watched.with_options(idempotency_key="of-the-caller")
    await client.images.create_upload(usage="avatar", content_type="image/jpeg", size=1)
    assert {"cookie", "idempotency-key", "x-given"} <= wire.to_api[-1].headers.keys()
    await watched.images.upload(unlike_others(), usage="avatar", wait=False)
    (put,) = wire.to_others
    assert put.headers.keys() == SENT_HEADERS
    assert "secret" not in f"{put.url} {put.headers}"


async def test_an_avatar(place: Place, watched: AsyncCentral, wire: Wire) -> None:
    """`set_avatar` goes the same way, and the picture is the user's then."""
    image = await while_working(place, watched.users.set_avatar(unlike_others()))
    assert len(wire.to_others) == 1
    user = await place.owner.users.get(user=place.owner_user.id)
    assert user.avatar is not None
    assert user.avatar.image_id == image.id
    async with place.stack.http() as http:
        assert (await http.get(user.avatar.path)).status_code == 200


async def test_the_blocking_client(place: Place, objects: Objects) -> None:
    """The client that blocks does both as well, and sends the bucket as little."""
    seen: list[httpx.Request] = []
    session = place.owner.session_token
    with httpx.Client(event_hooks={"request": [seen.append]}) as http:
        async with served(place.stack) as url:
            client = Central(url, tenant=place.tenant.slug, session=session, http_client=http)
            upload = asyncio.to_thread(client.images.upload, unlike_others(), usage="logo")
            logo = await while_working(place, upload)
            avatar = await while_working(place, asyncio.to_thread(client.users.set_avatar, unlike_others()))
    assert (logo.state, avatar.state) == ("ready", "ready")
    puts = [one for one in seen if not str(one.url).startswith(url)]
    assert [one.method for one in puts] == ["PUT", "PUT"]
    assert {frozenset(one.headers.keys()) for one in puts} == {frozenset(SENT_HEADERS)}
    assert await objects.sent() == []


async def test_a_bucket_that_fails_is_asked_again(
    watched: AsyncCentral, wire: Wire, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an error that passes, or none at all, the whole file is sent again."""
    monkeypatch.setattr("central_client.retries.RetryPolicy._backoff", lambda *_: 0.0)
    wire.failures.extend([503, httpx.ReadError("gone")])
    told: list[tuple[int, int]] = []
    content = photo(400, 300, "PNG")
    image = await watched.images.upload(content, usage="logo", wait=False, progress=lambda *how: told.append(how))
    assert image.state == "pending"
    assert [one.body for one in wire.to_others] == [content] * 3
    assert told.count((len(content), len(content))) == 3
    assert await objects.sent() == [f"images/{image.id}"]


async def test_a_bucket_that_stays_away(watched: AsyncCentral, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot reach the bucket is told that it was the bucket, without the signature; nothing is completed."""
    monkeypatch.setattr("central_client.retries.RetryPolicy._backoff", lambda *_: 0.0)
    wire.failures.extend([httpx.ConnectError("refused")] * 4)
    with pytest.raises(ConnectionFailedError) as failed:
        await watched.images.upload(unlike_others(), usage="logo", wait=False)
    assert "No answer from http://127.0.0.1:" in failed.value.message
    assert "Signature" not in failed.value.message
    assert [one.url.rpartition("/")[2] for one in wire.to_api] == ["images"]


async def test_a_link_runs_out(
    watched: AsyncCentral, member: AsyncCentral, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time the bucket takes nothing, the upload cannot be completed, and the client says who refused it."""
    monkeypatch.setattr("central_server.images.uploads._STAGED_SECONDS", 0)
    upload = await created(member, b"x")
    assert await sent(upload, b"x") in {400, 403}
    with pytest.raises(GoneError):
        await member.images.complete_upload(image=upload.image)
    with pytest.raises(CentralError, match=r"HTTP 40[03] from http://127\.0\.0\.1:\d+ ") as refused:
        await watched.images.upload(unlike_others(), usage="logo", wait=False)
    assert "Signature" not in str(refused.value)
    assert await objects.sent() == []


async def test_a_link_is_for_one_picture(member: AsyncCentral, other_tenant: AsyncCentral, place: Place) -> None:
    """The link of one picture lets in no other, of no other tenant, and no rendition."""
    upload, other, foreign = await created(member, b"x"), await created(member, b"x"), await created(other_tenant, b"x")
    tenant = str((await other_tenant.tenants.get()).id)
    urls = [
        upload.url.replace(upload.image, other.image),
        upload.url.replace(place.tenant.id, tenant),
        upload.url.replace(place.tenant.id, tenant).replace(upload.image, foreign.image),
        upload.url.replace("upload-staging", "user-content"),
    ]
    assert upload.url not in urls
    for url in urls:
        assert await sent(upload.model_copy(update={"url": url}), b"x") in {400, 403}
    for client, one in ((member, other), (other_tenant, foreign)):
        with pytest.raises(ConflictError) as refused:
            await client.images.complete_upload(image=one.image)
        assert refused.value.code == "upload_incomplete"


async def test_another_size_than_was_said(member: AsyncCentral, objects: Objects) -> None:
    """The bucket takes more, or less, than was announced; nothing is made of it."""
    content = unlike_others()
    upload = await created(member, content)
    for wrong in (content + b"x", content[:-1], b""):
        assert await sent(upload, wrong) == 200
        with pytest.raises(ConflictError) as refused:
            await member.images.complete_upload(image=upload.image)
        assert refused.value.code == "size_differs"
    assert await objects.shown() == []


async def test_other_bytes_than_were_said(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A file that has the size but not the hash that was announced is no picture."""
    content, other = photo(90, 60, "PNG"), b"x" * len(photo(90, 60, "PNG"))
    upload = await created(member, content, sha256=hashlib.sha256(content).hexdigest())
    assert await sent(upload, other[: len(content)].ljust(len(content), b"x")) == 200
    image = await member.images.complete_upload(image=upload.image)
    assert await worked_on(place, image) == "failed"
    failed = await member.images.get(image=image.id)
    assert failed.error is not None
    assert failed.error.code == "checksum_differs"
    assert (await objects.sent(), await objects.shown()) == ([], [])


@pytest.mark.parametrize(("content", "reason"), [(b"<script>alert(1)</script>", "unknown_type"), (None, None)])
async def test_another_type_than_was_said(
    content: bytes | None, reason: str | None, place: Place, member: AsyncCentral
) -> None:
    """What type the file was sent as makes no difference: its bytes decide, and the renditions have their own."""
    content = content or photo(70, 50, "WEBP")
    upload = await created(member, content)
    assert await sent(upload, content, **{"content-type": "text/html"}) == 200
    image = await member.images.complete_upload(image=upload.image)
    await worked_on(place, image)
    made = await member.images.get(image=image.id)
    assert (made.error and made.error.code) == reason
    async with place.stack.http() as http:
        shown = [(await http.get(one.url)).headers["content-type"] for one in made.renditions]
    assert shown == [one.content_type for one in made.renditions]
    assert bool(shown) is (reason is None)


async def test_a_file_that_was_exchanged(place: Place, watched: AsyncCentral, wire: Wire, objects: Objects) -> None:
    """A file that another took the place of, before a worker had it, is none: the client said which it sends."""
    content = unlike_others()
    image = await watched.images.upload(content, usage="logo", wait=False)
    async with httpx.AsyncClient() as http:
        assert (await http.put(wire.to_others[0].url, content=b"x" * len(content))).status_code == 200
    assert await worked_on(place, image) == "failed"
    assert (await objects.sent(), await objects.shown()) == ([], [])


async def test_a_file_that_comes_too_late(
    place: Place, member: AsyncCentral, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bucket takes by a link when the picture is made, or deleted, changes nothing, and goes in the end."""
    (link, ready), (other, deleted) = [await completed(member, unlike_others()) for _ in range(2)]
    for image in (ready, deleted):
        assert await worked_on(place, image) == "succeeded"
    await member.images.delete(image=deleted.id)
    before, shown = await member.images.get(image=ready.id), await objects.shown()
    for upload in (link, other):
        assert await sent(upload, unlike_others()) == 200
    waiting = (await completed(member, unlike_others()))[1]
    await sweep(place.stack, monkeypatch)
    assert await objects.sent() == [f"images/{waiting.id}"]
    assert await member.images.get(image=ready.id) == before
    assert await objects.shown() == shown
    assert await worked_on(place, waiting) == "succeeded"

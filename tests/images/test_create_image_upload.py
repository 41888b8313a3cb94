"""`images.create_upload`, and sending the file."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from central_server.images.files import ImageFiles
from images.conftest import Objects
from support.database import superuser
from support.picturing import created, sent, unlike_others
from support.place import Place


async def test_where_to_send_it(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """Everybody may hand over an avatar: the answer says where its file goes, and for how long it is taken."""
    content = unlike_others()
    size = len(content)
    upload = await member.images.create_upload(usage="avatar", content_type="image/jpeg", size=size)
    assert upload.method == "PUT"
    assert upload.headers["content-type"] == "image/jpeg"
    assert timedelta(minutes=55) < upload.expires_at - datetime.now(UTC) < timedelta(minutes=61)
    assert await sent(place.stack, upload, content) == 204
    assert await objects.sent() == [f"images/{upload.image}"]


async def test_a_folder_signs_nothing(
    place: Place, member: AsyncCentral, files: ImageFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where files are kept in a folder they come through the API, whatever the settings say."""
    monkeypatch.setattr(files, "_presigned", True)
    upload = await created(member, b"x")
    assert upload.url.startswith(place.stack.settings.public_url)
    assert "x-upload-token" in upload.headers


async def test_a_file_may_come_again(place: Place, member: AsyncCentral) -> None:
    """What was sent twice is there once, as it came last."""
    content = unlike_others()
    upload = await created(member, content)
    assert await sent(place.stack, upload, b"x" * len(content)) == 204
    assert await sent(place.stack, upload, content) == 204
    assert (await member.images.complete_upload(image=upload.image)).state == "pending"


@pytest.mark.parametrize("usage", ["logo", "content"])
async def test_what_is_not_everybodys(
    usage: str, owner: AsyncCentral, admin: AsyncCentral, member: AsyncCentral
) -> None:
    """Logos take `tenant:write`, content `users:write`."""
    assert (await created(owner, b"x", usage)).usage == usage
    with pytest.raises(ForbiddenError, match="users:write" if usage == "content" else "tenant:write"):
        await created(member, b"x", usage)
    if usage == "content":
        assert await created(admin, b"x", usage)
    else:
        with pytest.raises(ForbiddenError, match="tenant:write"):
            await created(admin, b"x", usage)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"size": 10 * 1024 * 1024 + 1},
        {"usage": "banner"},
        {"content_type": "image/svg+xml"},
        {"content_type": "text/html"},
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
    ],
    ids=str,
)
async def test_what_is_refused(wrong: dict[str, object], place: Place, member: AsyncCentral) -> None:
    """Sizes and types beyond the usage, and what is no hash, are wrong input."""
    with pytest.raises(ValidationFailedError):
        await created(member, b"x", **{"usage": "avatar", **wrong})  # type: ignore[arg-type]


async def test_content_may_be_larger(owner: AsyncCentral) -> None:
    """Content has more room than an avatar."""
    assert await created(owner, b"x", "content", size=20 * 1024 * 1024)


async def test_a_file_is_bounded_as_it_comes(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """More than was said is refused while it comes, and none of it is kept."""
    upload = await created(member, b"x" * 1_000)
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1_000
            yield b"x" * 1_000

    async with place.stack.http() as http:
        reply = await http.put(upload.url, headers=upload.headers, content=endless())
    assert reply.status_code == 413
    assert read < 200_000_000
    assert not await objects.sent()


async def test_a_token_is_needed(place: Place, owner: AsyncCentral, member: AsyncCentral) -> None:
    """Without the token, with one that was changed, or with that of another picture, there is nothing to send to."""
    one, other = await created(owner, b"x"), await created(owner, b"x")
    token = one.headers["x-upload-token"]
    wrong = ["", "x", other.headers["x-upload-token"], f"9{token}", token[:-1] + ("A" if token[-1] != "A" else "Q")]
    async with place.stack.http() as http:
        for text in wrong:
            reply = await http.put(one.url, headers={"x-upload-token": text}, content=b"x")
            assert reply.status_code == 404, text
            assert reply.json()["code"] == "upload_not_found"


async def test_a_token_runs_out(place: Place, member: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time is over a file is not taken any more."""
    upload = await created(member, b"x")

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[override]
            return datetime.now(tz) + timedelta(minutes=61)

    monkeypatch.setattr("central_server.images.uploads.datetime", Later)
    assert await sent(place.stack, upload, b"x") == 404


async def test_nothing_is_taken_afterwards(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A picture that is complete takes no other file."""
    content = unlike_others()
    upload = await created(member, content)
    await sent(place.stack, upload, content)
    await member.images.complete_upload(image=upload.image)
    assert await sent(place.stack, upload, content) == 404


async def test_pictures_are_limited(place: Place, member: AsyncCentral) -> None:
    """Nobody has more than twenty avatars, also when they are asked for at the same moment."""
    outcomes = await asyncio.gather(*(created(member, b"x") for _ in range(26)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, ConflictError)]
    assert len(refused) == 6
    assert {one.code for one in refused} == {"too_many_images"}


async def test_what_was_only_announced_is_not_there(member: AsyncCentral) -> None:
    """A picture whose file is still to be sent is in no list."""
    await created(member, b"x", sha256=hashlib.sha256(b"x").hexdigest())
    assert [one async for one in member.images.list()] == []


async def test_tokens_are_kept_nowhere(place: Place, member: AsyncCentral) -> None:
    """Neither the row nor an event holds what lets a file in."""
    upload = await created(member, b"x")
    mac = upload.headers["x-upload-token"].partition(".")[2]
    async with superuser(place.stack) as connection:
        rows = await connection.fetch("SELECT i::text FROM images i UNION ALL SELECT o::text FROM outbox o")
    assert not any(mac in row[0] for row in rows)

"""Archives that are not what they should be: each is refused in words, and nothing of it is there."""

import hashlib
import json
import struct
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from central.kernel.ids import TenantId, UserId
from central_server.images.files import ImageFiles, RenditionHash, digest_of
from central_server.infra.archives import ArchiveError, ArchiveKeys
from central_server.infra.archives.format import MANIFEST, MOST_BYTES, SIGNATURE
from central_server.infra.vault import SigningKeys, generate_key
from central_server.tenant_archives import shown
from support.archives import (
    PASSPHRASE,
    Change,
    Members,
    another_server,
    archive_of,
    forged,
    imported,
    in_row,
    keys_of,
    zipped,
)
from support.deleting import left_of
from support.full import full_place
from support.hostile_pictures import photo
from support.place import Place, Stack


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """The server that is to refuse them."""
    async with another_server(stack, folder) as other:
        yield other


@pytest.fixture(scope="module")
async def source(stack: Stack) -> Place:
    """The tenant whose archive was changed."""
    return await full_place(stack)


@pytest.fixture(scope="module")
async def archive(stack: Stack, source: Place) -> bytes:
    """A right one."""
    return await archive_of(stack, source.tenant.id, PASSPHRASE)


async def _refused(elsewhere: Stack, source: Place, archive: bytes, folder: Path, code: str) -> None:
    job = await imported(elsewhere, archive, folder)
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", code), job.error.message
    assert await left_of(Place(elsewhere, source.tenant, source.owner_user, source.owner)) == {}


def _payload(row: dict[str, Any]) -> None:
    row["payload"]["tenantId"] = TenantId.new()


def _renamed(members: Members, manifest: dict[str, Any]) -> None:
    members["../../etc/passwd"] = members.pop("roles.ndjson")


def _renamed_in_both(members: Members, manifest: dict[str, Any]) -> None:
    members["surprise.ndjson"] = members.pop("roles.ndjson")
    next(member for member in manifest["members"] if member["name"] == "roles.ndjson")["name"] = "surprise.ndjson"


def _cut(members: Members, manifest: dict[str, Any]) -> None:
    members["users.ndjson"] = members["users.ndjson"][:-1]


def _added(members: Members, manifest: dict[str, Any]) -> None:
    members["users.ndjson"] += members["users.ndjson"].splitlines()[0] + b"\n"


def _files(change: Callable[[bytes], bytes]) -> Change:
    def changed(members: Members, manifest: dict[str, Any]) -> None:
        members["images.files"] = change(members["images.files"])

    return changed


def _rendition(**changes: Any) -> Change:
    return in_row("images.ndjson", lambda row: row["renditions"][0].update(changes))


def _renamed_file(name: str) -> Change:
    """Call the files of a picture otherwise, and let their digest say the same."""

    def changed(members: Members, manifest: dict[str, Any]) -> None:
        _rendition(name=name)(members, manifest)
        _resigned(members)

    return changed


def _of_another_kind(content: bytes) -> Change:
    """Put something else in the place of the first file, and let its row and its digest say the same."""

    def changed(members: Members, manifest: dict[str, Any]) -> None:
        size = json.loads(members["images.ndjson"].splitlines()[0])["renditions"][0]["size"]
        members["images.files"] = content + members["images.files"][size:]
        _rendition(size=len(content))(members, manifest)
        _resigned(members)

    return changed


def _resigned(members: Members) -> None:
    """Let the first picture's digest be that of its files, and let nobody show it under another."""
    picture, place = json.loads(members["images.ndjson"].splitlines()[0]), 0
    hashes = list[RenditionHash]()
    for one in picture["renditions"]:
        content = members["images.files"][place : place + one["size"]]
        hashes.append(RenditionHash(one["name"], hashlib.sha256(content).hexdigest()))
        place += one["size"]
    in_row("images.ndjson", lambda row: row.update(digest=digest_of(hashes)))(members, {})
    for member in ("users.ndjson", "tenants.ndjson"):
        members[member] = members[member].replace(picture["digest"].encode(), digest_of(hashes).encode())


def _logo_for_avatar(members: Members, manifest: dict[str, Any]) -> None:
    """Let somebody show as their avatar what is a picture of the archive, but a logo."""
    logo = json.loads(members["tenants.ndjson"])["logo"]
    _avatar(lambda _: logo)(members, manifest)


def _avatar(change: Callable[[dict[str, Any]], Any]) -> Change:
    def changed(members: Members, manifest: dict[str, Any]) -> None:
        rows = [json.loads(line) for line in members["users.ndjson"].splitlines()]
        for row in rows:
            row["avatar"] = change(row["avatar"]) if row["avatar"] else None
        members["users.ndjson"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return changed


# As a server would sign it that is trusted and does wrong.
SIGNED: dict[str, tuple[Change, str]] = {
    "the former version": (lambda _, manifest: manifest.update(version=2), "unknown_version"),
    "a later version": (lambda _, manifest: manifest.update(version=4), "unknown_version"),
    "another format": (lambda _, manifest: manifest.update(format="tar"), "archive_malformed"),
    "a file that is not known": (_renamed_in_both, "archive_malformed"),
    "a file that is missing": (lambda members, _: members.pop("roles.ndjson") and None, "archive_malformed"),
    "a path that leads out": (_renamed, "archive_malformed"),
    "a line that is cut": (_cut, "archive_malformed"),
    "a tenant in a row": (in_row("users.ndjson", lambda r: r.update(tenant_id=TenantId.new())), "row_invalid"),
    "an event of another tenant": (in_row("outbox.ndjson", _payload, last=True), "row_invalid"),
    "an operator": (in_row("users.ndjson", lambda r: r.update(system_permissions=["tenants:write"])), "row_invalid"),
    "a verified domain": (in_row("domains.ndjson", lambda r: r.update(state="verified")), "row_invalid"),
    "text for a number": (in_row("users.ndjson", lambda r: r.update(version="1")), "row_invalid"),
    "a number too large": (in_row("users.ndjson", lambda r: r.update(version=2**40)), "row_invalid"),
    "a time without a zone": (
        in_row("users.ndjson", lambda r: r.update(created_at="2026-01-01T00:00:00")),
        "row_invalid",
    ),
    "an id of another kind": (in_row("users.ndjson", lambda r: r.update(id=TenantId.new())), "row_invalid"),
    "a NUL": (in_row("users.ndjson", lambda r: r.update(display_name="a\0b")), "archive_inconsistent"),
    "a state that is none": (in_row("users.ndjson", lambda r: r.update(state="owner")), "archive_inconsistent"),
    "a slug that is reserved": (lambda _, manifest: manifest.update(slug="admin"), "slug_reserved"),
    "a user twice": (_added, "archive_inconsistent"),
    "a grant of a role that is not there": (
        in_row("user_roles.ndjson", lambda r: r.update(role="nobody-knows-it")),
        "archive_inconsistent",
    ),
    "an address of nobody": (
        in_row("users.ndjson", lambda r: r.update(email="nobody@else.example")),
        "archive_inconsistent",
    ),
}
PICTURES: dict[str, tuple[Change, str]] = {
    "a picture without its last byte": (_files(lambda content: content[:-1]), "picture_invalid"),
    "a byte more than pictures have": (_files(lambda content: content + b"x"), "picture_invalid"),
    "no files": (_files(lambda _: b""), "picture_invalid"),
    "a byte that is another": (_files(lambda content: content[:-1] + b"x"), "picture_invalid"),
    "another digest": (in_row("images.ndjson", lambda r: r.update(digest="0" * 32)), "picture_invalid"),
    "a digest that leads out": (in_row("images.ndjson", lambda r: r.update(digest="../../x")), "row_invalid"),
    "a page": (_of_another_kind(b"<!doctype html><script>alert(1)</script>"), "picture_invalid"),
    "another kind": (_of_another_kind(photo(64, 64, "PNG")), "picture_invalid"),
    "a name that leads out": (_renamed_file("../../../core/x.avif"), "row_invalid"),
    "a name of another kind": (_renamed_file("64x64.svg"), "row_invalid"),
    "a name of another size": (_renamed_file("65x64.avif"), "row_invalid"),
    "a kind that is none": (_rendition(kind="svg", name="64x64.svg"), "row_invalid"),
    "a file too large": (_rendition(size=2**40), "row_invalid"),
    "a file of nothing": (_rendition(size=0), "row_invalid"),
    "a file less than nothing": (_rendition(size=-1), "row_invalid"),
    "no renditions": (in_row("images.ndjson", lambda r: r.update(renditions=[])), "row_invalid"),
    "renditions that are none": (in_row("images.ndjson", lambda r: r.update(renditions="x")), "row_invalid"),
    "a rendition twice": (in_row("images.ndjson", lambda r: r["renditions"].append(r["renditions"][0])), "row_invalid"),
    "none that is shown": (in_row("images.ndjson", lambda r: r["renditions"].pop(1)), "row_invalid"),
    "very many renditions": (
        in_row(
            "images.ndjson",
            lambda r: r.update(
                renditions=[
                    {"name": f"{n}x1.webp", "kind": "webp", "width": n, "height": 1, "size": 1} for n in range(1, 66)
                ]
            ),
        ),
        "row_invalid",
    ),
    "a type that is none": (in_row("images.ndjson", lambda r: r.update(content_type="text/html")), "row_invalid"),
    "a usage that is none": (in_row("images.ndjson", lambda r: r.update(usage="page")), "row_invalid"),
    "a blurhash that is none": (
        in_row("images.ndjson", lambda r: r.update(blurhash="<b>" * 9 + "x"), last=True),
        "row_invalid",
    ),
    "a state": (in_row("images.ndjson", lambda r: r.update(state="uploading")), "row_invalid"),
    "a picture of nobody": (
        in_row("images.ndjson", lambda r: r.update(created_by=UserId.new())),
        "archive_inconsistent",
    ),
    "a link that leads out": (_avatar(lambda kept: {**kept, "path": "https://evil.example/x"}), "row_invalid"),
    "a link to another tenant": (
        _avatar(lambda kept: {**kept, "path": f"/pictures/{TenantId.new()}/x/y/64x64.webp"}),
        "row_invalid",
    ),
    "an avatar of other fields": (_avatar(lambda kept: {**kept, "more": 1}), "row_invalid"),
    "an avatar that is no picture": (_avatar(lambda _: "x"), "row_invalid"),
    "a logo as an avatar": (_logo_for_avatar, "row_invalid"),
    "a logo that leads out": (
        in_row("tenants.ndjson", lambda r: r["logo"].update(small_path="javascript:alert(1)")),
        "row_invalid",
    ),
}
"""The same, of pictures: what is no picture, is too much, leads elsewhere, or is shown though it is not there."""


@pytest.mark.parametrize("case", [*SIGNED, *PICTURES])
async def test_signed_and_wrong(
    stack: Stack, elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path, case: str
) -> None:
    """Whoever signed it: what is not of this format, or says what no archive says, becomes nothing."""
    change, code = {**SIGNED, **PICTURES}[case]
    await _refused(elsewhere, source, forged(archive, keys_of(stack.settings), change), tmp_path, code)


def _nothing(members: Members, manifest: dict[str, Any]) -> None:
    """Change nothing."""


UNSIGNED: dict[str, tuple[Change, str]] = {
    "the manifest": (lambda _, manifest: manifest.update(slug="another"), "bad_signature"),
    "the tenant": (lambda _, manifest: manifest.update(tenant_id=TenantId.new()), "bad_signature"),
    "a row": (in_row("users.ndjson", lambda row: row.update(display_name="Mallory")), "member_changed"),
    "a file more": (lambda members, _: members.update({"more.ndjson": b"{}\n"}), "archive_malformed"),
}


@pytest.mark.parametrize("case", UNSIGNED)
async def test_changed_after_it_was_signed(
    elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path, case: str
) -> None:
    """A changed byte, wherever it stands, is found."""
    change, code = UNSIGNED[case]
    await _refused(elsewhere, source, forged(archive, None, change), tmp_path, code)


async def test_changed_secrets(elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path) -> None:
    """Secrets that are not those that were signed are not opened."""
    name = "client_secrets.sealed"
    changed = forged(archive, None, lambda members, _: members.update({name: b"x" * len(members[name])}))
    job = await imported(elsewhere, changed, tmp_path, passphrase=PASSPHRASE)
    assert job.error is not None
    assert job.error.code == "member_changed"


async def test_signed_by_nobody_who_is_trusted(elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path) -> None:
    """A right signature of somebody else is worth nothing, and neither is one that names a trusted key."""
    stranger = ArchiveKeys(SigningKeys.parse(f"x:{generate_key()}"), ())
    theirs = forged(archive, stranger, lambda _, manifest: manifest.update(key=stranger.public_key))
    await _refused(elsewhere, source, theirs, tmp_path, "key_not_trusted")
    await _refused(elsewhere, source, forged(archive, stranger, _nothing), tmp_path, "bad_signature")


def _bomb(archive: bytes) -> bytes:
    """Pack a file that is a thousand times as large."""
    file = BytesIO()
    with ZipFile(BytesIO(archive)) as read, ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name in read.namelist():
            made.writestr(name, read.read(name) + b"\0" * (60_000_000 if name == "users.ndjson" else 0))
    return file.getvalue()


def _lying(archive: bytes, size: int) -> bytes:
    """Say of a file that it is of another size than it is, where the zip says so."""
    with ZipFile(BytesIO(archive)) as read:
        place = next(info for info in read.infolist() if info.filename == "users.ndjson")
    entry = archive.index(b"PK\x01\x02")
    changed = bytearray(archive)
    while changed[entry + 46 : entry + 46 + len(place.filename)] != place.filename.encode():
        entry = archive.index(b"PK\x01\x02", entry + 4)
    changed[entry + 24 : entry + 28] = struct.pack("<L", size)
    return bytes(changed)


def _heavy(archive: bytes) -> bytes:
    """Give a file so many bytes that it may say that it is two gigabytes unpacked, for all that its ratio tells."""
    with ZipFile(BytesIO(archive)) as read:
        return zipped({name: read.read(name) for name in read.namelist()} | {"users.ndjson": token_bytes(2_400_000)})


def _many(archive: bytes) -> bytes:
    return zipped({f"f{number}.ndjson": b"" for number in range(2000)})


def _twice(archive: bytes) -> bytes:
    file = BytesIO(archive)
    with ZipFile(file, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("users.ndjson", b"")
    return file.getvalue()


PACKED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no zip": (lambda _: b"GIF89a", "archive_malformed"),
    "half of it": (lambda archive: archive[: len(archive) // 2], "archive_malformed"),
    "a manifest alone": (lambda _: zipped({MANIFEST: b"{}", SIGNATURE: b""}), "archive_malformed"),
    "no manifest": (lambda _: zipped({"users.ndjson": b""}), "archive_malformed"),
    "a bomb": (_bomb, "archive_too_large"),
    "a file that says it is huge": (lambda archive: _lying(_heavy(archive), MOST_BYTES + 2**23), "archive_too_large"),
    "a file that says it is small": (lambda archive: _lying(archive, 1), "archive_malformed"),
    "very many files": (_many, "archive_too_large"),
    "a file twice": (_twice, "archive_malformed"),
}


@pytest.mark.parametrize("case", PACKED)
async def test_packed_otherwise(elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path, case: str) -> None:
    """Zips that are none, that lie, or that are made to be unpacked for ever."""
    change, code = PACKED[case]
    await _refused(elsewhere, source, change(archive), tmp_path, code)


async def test_a_bomb_of_pictures(elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path) -> None:
    """Files of pictures are packed as little as they can be: what unpacks to a thousand times as much is none."""
    file = BytesIO()
    with ZipFile(BytesIO(archive)) as read, ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name in read.namelist():
            made.writestr(name, b"\0" * 20_000_000 if name == "images.files" else read.read(name))
    await _refused(elsewhere, source, file.getvalue(), tmp_path, "archive_too_large")


async def test_too_many_pictures(
    stack: Stack, elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an end to how many are looked at, where they are read and where they are written."""
    monkeypatch.setattr(shown, "MOST_PICTURES", 2)
    await _refused(elsewhere, source, archive, tmp_path, "archive_too_large")
    with pytest.raises(ArchiveError) as refusal:
        await archive_of(stack, source.tenant.id)
    assert refusal.value.code == "archive_too_large"


@pytest.mark.parametrize("case", ["a file", "a digest"])
async def test_pictures_are_not_stored_before_they_are_judged(
    stack: Stack,
    elsewhere: Stack,
    source: Place,
    archive: bytes,
    tmp_path: Path,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last picture of an archive being wrong, the first is never stored, not even for a moment."""

    async def store(*_: Any) -> None:
        raise AssertionError("it was stored")

    monkeypatch.setattr(ImageFiles, "store_rendition", store)
    change = (
        _files(lambda content: content[:-1] + b"x")
        if case == "a file"
        else in_row("images.ndjson", lambda r: r.update(digest="0" * 32), last=True)
    )
    await _refused(elsewhere, source, forged(archive, keys_of(stack.settings), change), tmp_path, "picture_invalid")


async def test_control(stack: Stack, elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path) -> None:
    """Signed again without a change it is imported: the tests above refuse what they say."""
    job = await imported(elsewhere, forged(archive, keys_of(stack.settings), _nothing), tmp_path)
    assert (job.state, job.error) == ("succeeded", None)

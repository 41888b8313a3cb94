"""Archives that are not what they should be: each is refused in words, and nothing of it is there."""

import json
import struct
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from central.kernel.ids import TenantId
from central_server.infra.archives import ArchiveKeys
from central_server.infra.archives.format import MANIFEST, MOST_BYTES, SIGNATURE
from central_server.infra.vault import SigningKeys, generate_key
from support.archives import PASSPHRASE, Members, another_server, archive_of, forged, imported, keys_of, zipped
from support.deleting import left_of
from support.full import full_place
from support.place import Place, Stack

Change = Callable[[Members, dict[str, Any]], None]


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


def _row(member: str, change: Callable[[dict[str, Any]], None], *, last: bool = False) -> Change:
    def changed(members: Members, manifest: dict[str, Any]) -> None:
        lines = members[member].splitlines()
        place = -1 if last else 0
        row = json.loads(lines[place])
        change(row)
        lines[place] = json.dumps(row).encode()
        members[member] = b"".join(line + b"\n" for line in lines)

    return changed


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


# As a server would sign it that is trusted and does wrong.
SIGNED: dict[str, tuple[Change, str]] = {
    "another version": (lambda _, manifest: manifest.update(version=2), "unknown_version"),
    "another format": (lambda _, manifest: manifest.update(format="tar"), "archive_malformed"),
    "a file that is not known": (_renamed_in_both, "archive_malformed"),
    "a file that is missing": (lambda members, _: members.pop("roles.ndjson") and None, "archive_malformed"),
    "a path that leads out": (_renamed, "archive_malformed"),
    "a line that is cut": (_cut, "archive_malformed"),
    "a tenant in a row": (_row("users.ndjson", lambda r: r.update(tenant_id=TenantId.new())), "row_invalid"),
    "an event of another tenant": (_row("outbox.ndjson", _payload, last=True), "row_invalid"),
    "an operator": (_row("users.ndjson", lambda r: r.update(system_permissions=["tenants:write"])), "row_invalid"),
    "a verified domain": (_row("domains.ndjson", lambda r: r.update(state="verified")), "row_invalid"),
    "text for a number": (_row("users.ndjson", lambda r: r.update(version="1")), "row_invalid"),
    "a number too large": (_row("users.ndjson", lambda r: r.update(version=2**40)), "row_invalid"),
    "a time without a zone": (
        _row("users.ndjson", lambda r: r.update(created_at="2026-01-01T00:00:00")),
        "row_invalid",
    ),
    "an id of another kind": (_row("users.ndjson", lambda r: r.update(id=TenantId.new())), "row_invalid"),
    "a NUL": (_row("users.ndjson", lambda r: r.update(display_name="a\0b")), "archive_inconsistent"),
    "a state that is none": (_row("users.ndjson", lambda r: r.update(state="owner")), "archive_inconsistent"),
    "a slug that is reserved": (lambda _, manifest: manifest.update(slug="admin"), "slug_reserved"),
    "a user twice": (_added, "archive_inconsistent"),
    "a grant of a role that is not there": (
        _row("user_roles.ndjson", lambda r: r.update(role="nobody-knows-it")),
        "archive_inconsistent",
    ),
    "an address of nobody": (
        _row("users.ndjson", lambda r: r.update(email="nobody@else.example")),
        "archive_inconsistent",
    ),
}


@pytest.mark.parametrize("case", SIGNED)
async def test_signed_and_wrong(
    stack: Stack, elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path, case: str
) -> None:
    """Whoever signed it: what is not of this format, or says what no archive says, becomes nothing."""
    change, code = SIGNED[case]
    await _refused(elsewhere, source, forged(archive, keys_of(stack.settings), change), tmp_path, code)


def _nothing(members: Members, manifest: dict[str, Any]) -> None:
    """Change nothing."""


UNSIGNED: dict[str, tuple[Change, str]] = {
    "the manifest": (lambda _, manifest: manifest.update(slug="another"), "bad_signature"),
    "the tenant": (lambda _, manifest: manifest.update(tenant_id=TenantId.new()), "bad_signature"),
    "a row": (_row("users.ndjson", lambda row: row.update(display_name="Mallory")), "member_changed"),
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
            made.writestr(name, read.read(name) + b"\0" * (20_000_000 if name == "users.ndjson" else 0))
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


async def test_control(stack: Stack, elsewhere: Stack, source: Place, archive: bytes, tmp_path: Path) -> None:
    """Signed again without a change it is imported: the tests above refuse what they say."""
    job = await imported(elsewhere, forged(archive, keys_of(stack.settings), _nothing), tmp_path)
    assert (job.state, job.error) == ("succeeded", None)

"""The files that pages are made of, under names that change with their content, so that browsers keep them for good."""

import hashlib
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from central.errors import NotFoundError
from central_server.infra.http.pages import BrowserResponse

_FOREVER = ((b"cache-control", b"public, max-age=31536000, immutable"),)
CSS: Final = "text/css; charset=utf-8"
_FILES = {"pages.css": CSS, "icon.svg": "image/svg+xml"}


class Asset(NamedTuple):
    """A file and its type."""

    body: bytes
    content_type: str


def digest_of(body: bytes) -> str:
    """Give what a name changes by when the content does."""
    return hashlib.sha256(body).hexdigest()[:16]


def _versioned(name: str, body: bytes) -> str:
    stem, _, suffix = name.partition(".")
    return f"{stem}-{digest_of(body)}.{suffix}"


@cache
def _assets() -> tuple[dict[str, Asset], dict[str, str]]:
    """Read all of them: by the names in addresses, and these names by the files'."""
    folder = resources.files("central_server.sign_in_pages").joinpath("static")
    files = {name: Asset(folder.joinpath(name).read_bytes(), kind) for name, kind in _FILES.items()}
    named = {name: _versioned(name, asset.body) for name, asset in files.items()}
    return {named[name]: asset for name, asset in files.items()}, named


def asset_path(file: str) -> str:
    """Give the path of a file, for pages."""
    return f"/signin/assets/{_assets()[1][file]}"


def asset_response(name: str) -> BrowserResponse:
    """Give a file by the name in its path; `NotFoundError` for any other name."""
    if (asset := _assets()[0].get(name)) is None:
        raise NotFoundError("There is nothing at this path.", code="path_not_found")
    return BrowserResponse(200, asset.body, asset.content_type, headers=_FOREVER)


def forever(body: bytes, content_type: str) -> BrowserResponse:
    """Give what never changes at its address."""
    return BrowserResponse(200, body, content_type, headers=_FOREVER)

"""Links to pictures, and leave to send a file."""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from central.errors import NotFoundError
from central.kernel.ids import ImageId, TenantId
from central_server.images.tables import DBImage
from central_server.infra.config import Settings
from central_server.infra.vault import SigningKeys

TOKEN_HEADER: Final = "x-upload-token"  # noqa: S105 (the name of a header)
SHOWN_HEADERS: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    # Pages of other origins may show a picture whose link they were given.
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""What goes with a picture, which is nothing but a picture to any browser."""

_PURPOSE: Final = "image-upload"
_DIGEST: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NAME: Final = re.compile(r"[0-9]{1,5}x[0-9]{1,5}\.(avif|webp|jpeg|png)", re.ASCII)
_TOKEN: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)


class ImagePlace(NamedTuple):
    """A picture of a tenant."""

    tenant: TenantId
    image: ImageId


class RenditionPlace(NamedTuple):
    """A rendition, as a link names it."""

    place: ImagePlace
    digest: str
    name: str
    ending: str


def read_place(path: Mapping[str, str], noun: str) -> ImagePlace:
    """Read whose picture it is; `NotFoundError` for what is no id."""
    try:
        return ImagePlace(TenantId(path["tenant"]), ImageId(path["image"]))
    except ValueError:
        raise NotFoundError.of(noun) from None


def read_rendition(path: Mapping[str, str]) -> RenditionPlace:
    """Read what a link leads to; `NotFoundError` for what is no link of ours."""
    place, read = read_place(path, "picture"), _NAME.fullmatch(path["name"])
    if read is None or not _DIGEST.fullmatch(path["digest"]):
        raise NotFoundError.of("picture")
    return RenditionPlace(place, path["digest"], read[0], read[1])


def place_of(tenant: TenantId, image: ImageId, digest: str, name: str) -> RenditionPlace:
    """Give where a rendition lies that is known to be one."""
    return RenditionPlace(ImagePlace(tenant, image), digest, name, name.rpartition(".")[2])


def path_of(row: DBImage, name: str) -> str:
    """Give the path to a rendition of a picture that is ready."""
    return f"/pictures/{row['tenant_id']}/{row['id']}/{row['digest']}/{name}"


class ImageLinks:
    """Makes links, and the tokens that let a file in: an HMAC of the picture and of the moment it is good until."""

    def __init__(self, settings: Settings, signing: SigningKeys) -> None:
        self._public_url = settings.public_url
        self._signing = signing

    def of_rendition(self, row: DBImage, name: str) -> str:
        """Give the link to a rendition of a picture that is ready."""
        return f"{self._public_url}{path_of(row, name)}"

    def of_upload(self, tenant: TenantId, image: ImageId) -> str:
        """Give where the file of a picture goes."""
        return f"{self._public_url}/uploads/{tenant}/{image}"

    def issue_token(self, tenant: TenantId, image: ImageId, until: datetime) -> str:
        """Give what lets whoever has it send the file of a picture."""
        seconds = int(until.timestamp())
        mac = self._signing.sign(_PURPOSE, _signed(tenant, image, seconds))
        return f"{seconds}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    def is_token(self, token: str, tenant: TenantId, image: ImageId, now: datetime) -> bool:
        """Whether a token is one for this picture, and still good."""
        if (read := _TOKEN.fullmatch(token)) is None:
            return False
        seconds, mac = int(read[1]), base64.urlsafe_b64decode(read[2] + "=")
        return self._signing.verify(_PURPOSE, _signed(tenant, image, seconds), mac) and now.timestamp() < seconds


def _signed(tenant: TenantId, image: ImageId, seconds: int) -> bytes:
    return f"{tenant}|{image}|{seconds}".encode()

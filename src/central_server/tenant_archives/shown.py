import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, cast

from central.images.models import ImageUsage
from central.kernel.ids import TenantId
from central_server.images.mapping import picture_from
from central_server.images.tables import DBImage
from central_server.infra.archives import ArchiveError

MOST_PICTURES: Final = 200_000
_SHOWN: Final = frozenset({"avatar", "logo"})
_MARK_BYTES: Final = 16


class ShownPictures:
    """What people, and a tenant, may show of the pictures of an archive.

    A person's row holds links. What stands there becomes part of pages, so it is what this server makes of a picture
    that is in the archive, or nothing: on the way out a picture that is not there is left out, and on the way in it is
    refused. Sixteen bytes are kept of each.
    """

    def __init__(self, tenant: TenantId) -> None:
        self.count = 0
        self._tenant = tenant
        self._marks = set[bytes]()

    def add(self, row: Mapping[str, Any]) -> None:
        """Let the picture of a row of `images` be shown; `ArchiveError` for more pictures than an archive holds."""
        self.count += 1
        if self.count > MOST_PICTURES:
            raise ArchiveError("archive_too_large", f"An archive holds up to {MOST_PICTURES:,} pictures.")
        if row["usage"] in _SHOWN:
            kept = picture_from(cast("DBImage", {**row, "tenant_id": self._tenant}))
            self._marks.add(_mark(row["usage"], kept))

    def may_show(self, usage: ImageUsage, picture: object) -> bool:
        """Whether this is a picture of that usage, as rows that show one hold it; nothing may always be shown."""
        return picture is None or _mark(usage, picture) in self._marks


def _mark(usage: str, picture: object) -> bytes:
    return hashlib.sha256(json.dumps([usage, picture], sort_keys=True).encode()).digest()[:_MARK_BYTES]

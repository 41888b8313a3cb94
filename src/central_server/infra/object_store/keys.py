"""Where objects lie: `{bucket}/{tenant}/{key}`, so that all that a tenant has goes by its prefix."""

import re
from enum import StrEnum
from typing import Final

from central.kernel.ids import TenantId

_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_MOST_PARTS: Final = 8


class Bucket(StrEnum):
    """What objects are for; each is a prefix of its own, to which a provider's rules can be given."""

    CORE = "core"
    USER_CONTENT = "user-content"
    UPLOAD_STAGING = "upload-staging"


def tenant_prefix(bucket: Bucket, tenant: TenantId) -> str:
    """Give what the paths of a tenant's objects begin with; `ValueError` for what is no id of a tenant."""
    return f"{bucket.value}/{TenantId(tenant)}"


def object_path(bucket: Bucket, tenant: TenantId, key: str) -> str:
    """Give the path of an object.

    A key is up to eight names between slashes, each of letters, digits, dots, hyphens and underscores, with a letter
    or digit first: nothing leads out of the tenant's prefix. Anything else is a `ValueError`.
    """
    parts = key.split("/")
    if len(parts) > _MOST_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError("this is no key of an object")
    return f"{tenant_prefix(bucket, tenant)}/{key}"


def read_path(path: str) -> tuple[TenantId, str] | None:
    """Read whose object a path is of, and its key; None for what is no such path."""
    _, tenant, key = [*path.split("/", 2), "", ""][:3]
    try:
        return (TenantId(tenant), key) if key else None
    except ValueError:
        return None

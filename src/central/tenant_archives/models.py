from typing import Annotated, TypeAlias

from pydantic import Field, SecretStr, StringConstraints

from central.kernel.ids import JobId
from central.kernel.model import Input, TenantInput
from central.kernel.text import Slug

MOST_PART_BYTES = 512 * 1024
MOST_PARTS = 4096

Passphrase: TypeAlias = Annotated[SecretStr, Field(min_length=12, max_length=200)]
PartNumber: TypeAlias = Annotated[int, Field(ge=0, le=MOST_PARTS - 1)]
Base64Text: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=MOST_PART_BYTES * 4 // 3 + 4, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
]


class StartTenantArchiveInput(TenantInput):
    """How to archive the caller's own tenant."""

    passphrase: Passphrase | None = Field(
        default=None,
        description="Seals the client secrets of connectors and the signing secrets of webhook endpoints, for whoever "
        "imports the archive; without one they are not in it. It stays in no file and no log: keep it apart from the "
        "archive.",
    )
    pictures: bool = Field(
        default=True, description="False leaves all pictures out, for a tenant that has more than fit into an archive."
    )


class StartTenantImportInput(Input):
    """How to import a tenant. The archive comes by `tenants.add_import_part`, in parts."""

    slug: Slug | None = Field(default=None, description="What the tenant is called here; else as it was.")
    passphrase: Passphrase | None = Field(
        default=None,
        description="Opens the client secrets and the signing secrets; without it, connectors that need one come "
        "disabled, and webhook endpoints have new ones, which nobody has seen.",
    )


class AddTenantImportPartInput(Input):
    """A part of the archive. Parts are numbered from 0, in their order."""

    job: JobId
    part: PartNumber
    content: Base64Text = Field(description=f"Up to {MOST_PART_BYTES:,} bytes, in base64.")


class RunTenantImportInput(Input):
    """Which import has all of its archive."""

    job: JobId

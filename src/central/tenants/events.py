from typing import Literal

from central.kernel.events import Changed, Event
from central.kernel.ids import ImageId


class TenantCreated(Event):
    """A tenant was created."""

    kind: Literal["tenant.created"] = "tenant.created"


class TenantRenamed(Changed):
    """A tenant's name or slug changed."""

    told = frozenset({"name", "slug"})

    kind: Literal["tenant.renamed"] = "tenant.renamed"


class TenantBrandingChanged(Changed):
    """The colours of a tenant's sign-in page changed."""

    told = frozenset({"accent_color", "background_color"})

    kind: Literal["tenant.branding_changed"] = "tenant.branding_changed"


class TenantLogoChanged(Event):
    """A tenant has another logo, or none any more."""

    kind: Literal["tenant.logo_changed"] = "tenant.logo_changed"
    image_id: ImageId | None = None


class TenantSuspended(Event):
    """A tenant was suspended."""

    kind: Literal["tenant.suspended"] = "tenant.suspended"


class TenantReactivated(Event):
    """A suspended tenant was reactivated."""

    kind: Literal["tenant.reactivated"] = "tenant.reactivated"


class SessionPolicyChanged(Changed):
    """How long sessions live in a tenant changed, for those that live already too."""

    told = frozenset({"member_idle_timeout", "member_lifetime", "admin_idle_timeout", "admin_lifetime"})

    kind: Literal["tenant.session_policy_changed"] = "tenant.session_policy_changed"

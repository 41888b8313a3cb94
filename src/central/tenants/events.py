from typing import Literal

from central.kernel.events import Event


class TenantCreated(Event):
    """A tenant was created."""

    kind: Literal["tenant.created"] = "tenant.created"


class TenantRenamed(Event):
    """A tenant's name or slug changed."""

    kind: Literal["tenant.renamed"] = "tenant.renamed"


class TenantBrandingChanged(Event):
    """The colours of a tenant's sign-in page changed."""

    kind: Literal["tenant.branding_changed"] = "tenant.branding_changed"


class TenantSuspended(Event):
    """A tenant was suspended."""

    kind: Literal["tenant.suspended"] = "tenant.suspended"


class TenantReactivated(Event):
    """A suspended tenant was reactivated."""

    kind: Literal["tenant.reactivated"] = "tenant.reactivated"


class SessionPolicyChanged(Event):
    """How long sessions live in a tenant changed, for those that live already too."""

    kind: Literal["tenant.session_policy_changed"] = "tenant.session_policy_changed"

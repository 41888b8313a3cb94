"""What a transaction may see, and the statements that make it so."""

from typing import NamedTuple

from central.kernel.ids import TenantId

from .scope import TENANT_SETTING, setting_of

PLATFORM_ROLE = "central_platform"

# What spans tenants comes seldom and touches much. A plan that is kept is one for as many rows as there were when it
# was made: with one for an outbox that was empty, some thousand events take longer than the bound on statements.
_PLANNED_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"


class Sight(NamedTuple):
    """The rows of one tenant, all rows as the platform, or none."""

    tenant: TenantId | None
    platform: bool = False

    @property
    def setting(self) -> str | None:
        """The tenant as the setting holds it."""
        return None if self.tenant is None else setting_of(self.tenant)

    def begin(self, *, read_only: bool = False, snapshot: bool = False) -> str:
        """Give the statements that open a transaction with this sight, for one round trip."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if snapshot else "BEGIN"
        begin += " READ ONLY" if read_only else ""
        if self.platform:
            return f"{begin};SET LOCAL ROLE {PLATFORM_ROLE};{_PLANNED_ANEW}"
        return begin if self.tenant is None else f"{begin};{self._tenant()}"

    def change(self) -> str:
        """Give the statements that change to this sight within a transaction."""
        return f"SET LOCAL ROLE {PLATFORM_ROLE if self.platform else 'NONE'};{self._tenant()}"

    def _tenant(self) -> str:
        # A UUID's own text holds nothing to quote.
        return f"SET LOCAL {TENANT_SETTING}='{self.setting or ''}'"

import asyncio

from temporalio import activity

from central_server.domains.service import DomainService
from central_server.domains.specs import DuePosition, RecheckDomainsInput, RecheckDomainsOutput
from central_server.domains.tables import DBDueDomain
from central_server.infra.logs import component_logger

_PAGE = 100
_AT_ONCE = 10


class RecheckDomainsActivity:
    """Looks for the proofs of verified domains that are due, a page of them at a time."""

    def __init__(self, domains: DomainService) -> None:
        self._domains = domains
        self.log = component_logger(self)

    @activity.defn(name="domains.recheck")
    async def recheck(self, input: RecheckDomainsInput) -> RecheckDomainsOutput:
        """Look for a page of them. Those that a first attempt got to are not due any more when there is a second."""
        due = await self._domains.TX_list_due(input.after, _PAGE)
        slots = asyncio.Semaphore(_AT_ONCE)
        outcomes = await asyncio.gather(*(self._recheck(domain, slots) for domain in due))
        is_last = len(due) < _PAGE
        return RecheckDomainsOutput(
            last=None if is_last else DuePosition(next_check_at=due[-1]["next_check_at"], domain_id=due[-1]["id"]),
            checked=input.checked + len(due),
            changed=input.changed + outcomes.count(True),
            failed=input.failed + outcomes.count(None),
        )

    async def _recheck(self, domain: DBDueDomain, slots: asyncio.Semaphore) -> bool | None:
        """Look for one; whether it changed, or None when that failed, so that it keeps no other from its turn."""
        async with slots:
            activity.heartbeat()
            try:
                return await self._domains.TX_recheck_domain(domain["tenant_id"], domain["id"])
            except Exception as error:
                self.log.exception("domain not checked", domain=domain["id"], error=type(error).__name__)
                return None

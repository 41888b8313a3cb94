"""How many codes an address is mailed, and how long they are: docs/decisions/0009 does the sums.

Whoever knows an address can have codes mailed to it. These budgets see to it that this neither floods the mailbox nor
helps to guess, and that it keeps the owner of the address out of nothing. They hold whatever `CENTRAL_RATE_LIMITS` is.
"""

from collections.abc import Iterator

from central.errors import CentralError, RateLimitedError
from central.kernel.ids import TenantId
from central_server.auth.devices import KnownDevices
from central_server.infra.actor import Caller
from central_server.infra.logs import component_logger
from central_server.infra.rate_limits.bucket import Ask, Limit, longest_wait
from central_server.infra.rate_limits.keys import BucketKeys, place_of
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.infra.rate_limits.refusals import Refusals

SHORT, LONG = 6, 12
"""Digits of codes. A short one is good where it was asked for, a long one, which nobody guesses, wherever one was."""

_MINUTE = 60
STRANGERS_MAILS = Limit(3, 60 * _MINUTE)
"""Mails to an address that strangers cause: three, then one in 20 minutes; in no hour more than five."""

PLACE_MAILS = Limit(2, 24 * 60 * _MINUTE)
"""Those of them that one place may have whatever is left; beyond these it leaves the last one for others."""

STRANGERS_SHORT = Limit(1, 35 * _MINUTE)
"""How many of these are short, if they are the first in an hour: two are alive in any hour, with ten tries.

A flood that lasts is thus mailed long codes alone, any of which serves the owner.
"""

DEVICE_MAILS = Limit(5, 50 * _MINUTE)
"""Mails to an address that one browser causes in which it has signed in before."""

DEVICES_SHORT = Limit(3, 210 * _MINUTE)
"""How many of these are short, for all such browsers together: in an hour three are alive, with 15 tries."""


class CodeBudget:
    """Says whether a code may be mailed, and how long it is to be.

    Strangers share one budget for an address; a browser in which the address has signed in before has its own.
    Neither depends on whether the address is anybody's.
    """

    def __init__(self, buckets: PostgresBuckets, keys: BucketKeys, devices: KnownDevices, refusals: Refusals) -> None:
        self.buckets = buckets
        self.keys = keys
        self.devices = devices
        self.refusals = refusals
        self.log = component_logger(self)

    async def spend(self, tenant: TenantId, email: str, caller: Caller) -> int:
        """Give the digits of a code that may be mailed now; `RateLimitedError` when none may."""
        whom = (tenant, email.lower())
        device = self.devices.find(caller.cookies.device, *whom)
        waits: list[tuple[float, str]] = []
        for asks in self._of_stranger(whom, caller) if device is None else self._of_device(whom, device):
            taken = await self.buckets.take(asks)
            if taken.ok:
                first, short = taken.drawn[0], taken.drawn[-1]
                is_first = device is not None or first.remaining == STRANGERS_MAILS.count - 1
                return SHORT if is_first and short.granted else LONG
            ask, seconds = longest_wait(asks, taken)
            waits.append((seconds, ask.name))
        seconds, name = min(waits)
        self.refusals.count(name)
        message = "Too many codes were asked for; use the newest mail, or wait."
        raise RateLimitedError(message, code="too_many_codes", retry_after=seconds)

    async def restore(self, tenant: TenantId, email: str, caller: Caller, digits: int) -> None:
        """Give back what a code took that has signed somebody in: no stranger caused that mail, or to no avail.

        A sign-in stands whatever becomes of this.
        """
        whom = (tenant, email.lower())
        device = self.devices.find(caller.cookies.device, *whom)
        *mails, short = next(self._of_stranger(whom, caller) if device is None else self._of_device(whom, device))
        try:
            await self.buckets.give_back([*mails, short] if digits == SHORT else mails)
        except CentralError as error:
            self.log.warning("budget of codes not restored", code=error.code)

    def _of_stranger(self, whom: tuple[TenantId, str], caller: Caller) -> Iterator[list[Ask]]:
        """Give the ways to be mailed a code: as one of the place's first, or by what others do not need."""
        short = self._ask("short_codes", STRANGERS_SHORT, *whom, needed=0)
        place = self._ask("code_mails_of_place", PLACE_MAILS, *whom, place_of(caller.address or ""))
        yield [self._ask("code_mails", STRANGERS_MAILS, *whom), place, short]
        yield [self._ask("code_mails", STRANGERS_MAILS, *whom, needed=2), short]

    def _of_device(self, whom: tuple[TenantId, str], device: str) -> Iterator[list[Ask]]:
        short = self._ask("short_codes_of_devices", DEVICES_SHORT, *whom, needed=0)
        yield [self._ask("code_mails_of_device", DEVICE_MAILS, *whom, device), short]

    def _ask(self, name: str, limit: Limit, *subject: str, needed: int = 1) -> Ask:
        return Ask(name, self.keys.of(name, *subject), limit, needed)

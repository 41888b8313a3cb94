"""Who is counted where: the whole policy of rate limits, but for mailed codes (`auth/code_budget.py`).

What a request is counted as is declared with its operation or route (`RateClass`); how much each bucket holds is a
setting, `CENTRAL_RATE_LIMIT_…` and the rule's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from central.access import RateClass


@dataclass(frozen=True, slots=True)
class Rule:
    """One bucket for each tenant, user or source address: `per` is what it is called on a caller.

    An exact bucket is counted in the database with each request, any other in the process, which settles with the
    database every second. A bucket of failures gets its token back when the request succeeds.
    """

    name: str
    per: Literal["tenant_id", "user_id", "address"]
    exact: bool = False
    failures: bool = False


PER_TENANT = Rule("per_tenant", "tenant_id")
PER_USER = Rule("per_user", "user_id")
LOOK_UPS_PER_TENANT = Rule("look_ups_per_tenant", "tenant_id", exact=True)
LOOK_UPS_PER_USER = Rule("look_ups_per_user", "user_id", exact=True)
PER_ADDRESS = Rule("per_address", "address")
PICTURES = Rule("pictures", "address")
SIGN_INS = Rule("sign_ins", "address", exact=True)
CODE_FAILURES = Rule("code_failures", "address", exact=True, failures=True)
RULES = (PER_TENANT, PER_USER, LOOK_UPS_PER_TENANT, LOOK_UPS_PER_USER, PER_ADDRESS, PICTURES, SIGN_INS, CODE_FAILURES)

POLICY: Mapping[RateClass, tuple[Rule, ...]] = {
    "signed_in": (PER_USER, PER_TENANT),
    "look_up": (PER_USER, PER_TENANT, LOOK_UPS_PER_USER, LOOK_UPS_PER_TENANT),
    "open": (PER_ADDRESS,),
    "picture": (PICTURES,),
    "sign_in": (PER_ADDRESS, SIGN_INS),
    "code": (PER_ADDRESS, CODE_FAILURES),
    "unlimited": (),
}
"""The buckets of each class, those that cost nothing to ask first: a flood is refused without the database."""

"""What is archived of domains: the claims, and not that they were proven.

Whoever the archive comes from, the DNS alone says who has a domain; and another tenant here may have proven it.
The token stays the same, and so does the record that proves it.
"""

from central_server.domains.tables import DOMAINS
from central_server.infra.db.archiving import LeftOut, archived

_ANEW = "it is to be proven anew where it is imported"
ARCHIVED = (
    archived(
        DOMAINS,
        LeftOut(
            **dict.fromkeys(
                (
                    *("state", "verified_at", "failing_since", "checked_at", "next_check_at"),
                    *("check_outcome", "check_found"),
                ),
                _ANEW,
            )
        ),
        as_platform=True,
    ),
)
LEFT_OUT: dict[str, str] = {}

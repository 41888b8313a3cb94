from collections.abc import Sequence

from central_server.infra.dns.servers import DnsServer
from central_server.infra.dns.txt import TxtLookup


class TxtResolver:
    """Looks TXT records up, at the given resolvers or at those of the system.

    Nothing is kept: each look-up asks. `timeout` bounds one, all its tries at all resolvers together, in seconds.
    What the answer is worth is up to the resolver that gives it: use one that validates (DNSSEC).
    """

    def __init__(self, servers: Sequence[DnsServer] = (), *, timeout: float = 5.0) -> None:
        self.servers = tuple(servers)
        self.timeout = timeout

    async def look_up(self, name: str) -> TxtLookup:
        """Give the TXT records of a name, or why there are none; never raises for what a resolver says."""
        # Loading dnspython takes a tenth of a second, of which most processes never need anything.
        from central_server.infra.dns.asking import ask_txt  # noqa: PLC0415

        return await ask_txt(name, self.servers, self.timeout)

    async def answers(self) -> bool:
        """Whether a resolver says anything of the root, which every one knows."""
        found = await self.look_up(".")
        return found.outcome not in {"server_failure", "timed_out"}

    def __str__(self) -> str:
        """Name the resolvers."""
        return ", ".join(map(str, self.servers)) or "the system's"

"""Stand-ins for the network under the outbound client: where names point to, and where addresses lead."""

from collections.abc import Iterable, Sequence

import httpcore


class Rerouted(httpcore.AnyIOBackend):
    """A network in which every address leads to one local port, and that remembers who was dialled."""

    def __init__(self, port: int, dead: Iterable[str] = ()) -> None:
        self.port = port
        self.dead = set(dead)
        self.dialled: list[str] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.dialled.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("nobody here")
        return await super().connect_tcp("127.0.0.1", self.port, timeout=timeout)


class FakeResolver:
    """Answers from a list, one entry a call, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError("no such name")
        return answer

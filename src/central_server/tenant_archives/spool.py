import asyncio
from collections.abc import AsyncGenerator, Iterable
from itertools import islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import Final, Self

_LINES: Final = 500


class Spool:
    """Lines that wait, in a file without a name, for what is known only later."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 (it is closed with the spool)
        self.count = 0

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the file go."""
        self._file.close()

    def write(self, lines: Iterable[bytes]) -> None:
        """Add lines, which have no line break in them."""
        for line in lines:
            self._file.write(line + b"\n")
            self.count += 1

    async def batches(self) -> AsyncGenerator[list[bytes]]:
        """Give all lines, some hundred at a time."""
        self._file.seek(0)
        while batch := await asyncio.to_thread(lambda: [line[:-1] for line in islice(self._file, _LINES)]):
            yield batch

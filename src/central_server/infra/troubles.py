from typing import Any

from central.errors import UnavailableError


class Troubles:
    """What stands in the way of something that goes on and on: told when it begins, changes and ends, not each time."""

    def __init__(self, what: str, log: Any) -> None:
        self._what = what
        self._log = log
        self._trouble: str | None = None

    def note(self, error: Exception | None) -> None:
        """Note how a try went; its traceback is told too, unless a part is merely away."""
        trouble = None if error is None else type(error).__name__
        if trouble != self._trouble:
            if error is None:
                self._log.info(f"{self._what} works again")
            else:
                expected = isinstance(error, UnavailableError)
                self._log.warning(f"{self._what} fails", error=str(error), exc_info=None if expected else error)
        self._trouble = trouble

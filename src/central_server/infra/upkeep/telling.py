from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

PAGE: Final = 200
"""How many that are due are looked up at a time; each is told in a transaction of its own."""


async def tell_page(
    due: Sequence[T], tell: Callable[[T], Awaitable[bool]], heartbeat: Callable[[], None]
) -> tuple[int, bool]:
    """Tell of each, whether or not another fails; gives of how many that was news, and whether no more are due.

    Raises what failed, once there is nothing else to be told.
    """
    told, failure = 0, None
    for one in due:
        heartbeat()
        try:
            told += await tell(one)
        except Exception as error:  # noqa: BLE001 (raised below, when it keeps no other from its turn)
            failure = error
    is_last = len(due) < PAGE or told == 0
    if is_last and failure is not None:
        raise failure
    return told, is_last

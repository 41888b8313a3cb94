from typing import NamedTuple


class Quota(NamedTuple):
    """What is left of the bucket that is nearest to empty: tokens, and seconds until it is full."""

    limit: int
    remaining: int
    reset: int

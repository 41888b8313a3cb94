from typing import Literal, NamedTuple, TypeAlias

TxtOutcome: TypeAlias = Literal["found", "no_such_name", "no_record", "too_large", "server_failure", "timed_out"]


class TxtLookup(NamedTuple):
    """What a resolver says of the TXT records of a name; `values` has each record with its strings joined."""

    outcome: TxtOutcome
    values: tuple[str, ...] = ()

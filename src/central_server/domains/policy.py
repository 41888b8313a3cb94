"""Which domains may be claimed, what a look-up says of a claim, and what follows from it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from central.domains.models import DomainCheckOutcome, DomainState
from central.errors import ConflictError, ValidationFailedError
from central_server.infra.dns import MOST_CHARACTERS, TxtLookup, challenge_name, is_public_suffix, normalise

# Where anybody gets an address: proving such a domain would prove nothing of those who have one.
_FREE_MAIL = """
    126.com 163.com aol.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com
    hotmail.com icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru me.com msn.com naver.com orange.fr
    outlook.com pm.me proton.me protonmail.com qq.com t-online.de tuta.com tutanota.com web.de yahoo.co.jp yahoo.com
    yandex.com yandex.ru ymail.com zoho.com
"""
FREE_MAIL_DOMAINS: Final = frozenset(_FREE_MAIL.split())
TEMPORARY: Final[frozenset[str]] = frozenset({"server_failure", "timed_out"})
MOST_CLAIMS: Final = 100
"""How many domains a tenant may have that do not count: each costs a row, and look-ups for as long as it is tried."""

CHECKED_EVERY: Final = timedelta(days=1)
TRIED_AGAIN_AFTER: Final = timedelta(hours=1)
_MESSAGES: Final[dict[DomainCheckOutcome, str]] = {
    "proven": "The proof was found.",
    "no_such_name": "There is no name {name}; publish the TXT record, and give the change some minutes.",
    "no_record": "{name} has no TXT record; publish it, and give the change some minutes.",
    "other_records": "{name} has TXT records, but not the expected one. Found: {others}.",
    "too_large": "{name} has too many TXT records to be read; remove those that are not needed.",
    "server_failure": "The DNS servers of {name} fail at the moment; try again later.",
    "timed_out": "The DNS servers of {name} did not answer in time; try again later.",
}
_COUNT: Final[frozenset[str]] = frozenset({"verified", "failing"})
_MOST_SHOWN: Final = 3
_LONGEST_SHOWN: Final = 100


def claimable_name(name: str, *, allow_free_mail: bool) -> str:
    """Give the one spelling of a domain that a tenant may claim; `ValidationFailedError` for any other."""
    try:
        spelled = normalise(name)
    except ValueError:
        raise _wrong("Expected a domain name like 'example.com'", "domain_malformed") from None
    if len(challenge_name(spelled)) > MOST_CHARACTERS:
        raise _wrong("This name is too long for the record that proves it", "domain_too_long")
    if is_public_suffix(spelled):
        raise _wrong("Anybody can register names below this one; claim your own", "domain_public_suffix")
    if spelled in FREE_MAIL_DOMAINS and not allow_free_mail:
        raise _wrong("Anybody gets an address of this domain; claim one of your own", "domain_free_mail")
    return spelled


def check_room(claims: int) -> None:
    """Refuse one more claim where a tenant has too many that it has not verified."""
    if claims >= MOST_CLAIMS:
        raise ConflictError(
            f"The tenant has {MOST_CLAIMS} domains that are not verified; verify some, or delete those not needed.",
            code="too_many_claims",
        )


def judge(found: TxtLookup, token: str) -> DomainCheckOutcome:
    """Say what a look-up shows of a claim: one record of possibly many is the proof.

    Its case does not matter, nor do blanks and quotes around it: people copy it through forms of many kinds.
    """
    if found.outcome != "found":
        return found.outcome
    return "proven" if token in {value.strip(' \t"').lower() for value in found.values} else "other_records"


def next_state(state: DomainState, outcome: DomainCheckOutcome, *, grace_is_over: bool) -> DomainState:
    """Say what a domain becomes. Only a definite answer changes anything, and only a second one makes it lapse."""
    if outcome == "proven":
        return "verified"
    if outcome in TEMPORARY or state not in _COUNT:
        return state
    return "lapsed" if state == "failing" and grace_is_over else "failing"


def shown_values(values: Collection[str]) -> list[str]:
    """Give the first few of the values that were found instead, short and printable, to be told to administrators."""
    return [_printable(value) for value in sorted(values)[:_MOST_SHOWN]]


def explain(outcome: DomainCheckOutcome, name: str, found: Collection[str]) -> str:
    """Say what was found, and what to do."""
    return _MESSAGES[outcome].format(name=name, others=", ".join(f"'{value}'" for value in found))


def _printable(value: str) -> str:
    line = "".join(character if character.isprintable() else "\ufffd" for character in value)
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"


def _wrong(message: str, code: str) -> ValidationFailedError:
    return ValidationFailedError.of("name", message, code=code)

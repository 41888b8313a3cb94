"""What follows from a look for a proof, without a server."""

from itertools import product
from typing import get_args

import pytest

from central.domains.models import DomainCheckOutcome, DomainState
from central_server.domains.policy import FREE_MAIL_DOMAINS, TEMPORARY, explain, judge, next_state
from central_server.infra.dns import TxtLookup, TxtOutcome, is_public_suffix, normalise

OUTCOMES: tuple[DomainCheckOutcome, ...] = get_args(DomainCheckOutcome)
STATES: tuple[DomainState, ...] = get_args(DomainState)


@pytest.mark.parametrize(("state", "outcome", "grace_is_over"), list(product(STATES, OUTCOMES, (True, False))))
def test_every_transition(state: DomainState, outcome: DomainCheckOutcome, *, grace_is_over: bool) -> None:
    """Only a proof verifies, only a definite miss fails, and only a failing domain lapses, after the grace period."""
    new = next_state(state, outcome, grace_is_over=grace_is_over)
    if outcome == "proven":
        assert new == "verified"
    elif outcome in TEMPORARY or state in {"pending", "lapsed"}:
        assert new == state
    else:
        assert new == ("lapsed" if state == "failing" and grace_is_over else "failing")


@pytest.mark.parametrize("outcome", [outcome for outcome in get_args(TxtOutcome) if outcome != "found"])
def test_what_is_not_found_is_no_proof(outcome: TxtOutcome) -> None:
    """An empty answer of any kind is told as what it is, whatever values come with it."""
    assert judge(TxtLookup(outcome, ("token",)), "token") == outcome


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_has_words(outcome: DomainCheckOutcome) -> None:
    """What was found is said in one sentence or two, also when it holds braces."""
    text = explain(outcome, "_c.example.com", ["{name}", "b"])
    assert text.endswith(".")
    assert ("_c.example.com" in text) == (outcome != "proven")
    assert ("'{name}', 'b'" in text) == (outcome == "other_records")


def test_free_mail_domains_are_domains() -> None:
    """Each is written as domains are kept, and is no suffix, which would be refused anyway."""
    assert len(FREE_MAIL_DOMAINS) > 30
    for name in FREE_MAIL_DOMAINS:
        assert normalise(name) == name
        assert not is_public_suffix(name)

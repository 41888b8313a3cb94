"""The decisions of signing in, without a server."""

from itertools import product
from typing import Any

import pytest

from central_server.auth.policy import (
    ConnectorTrust,
    Create,
    Link,
    LocalUser,
    Refuse,
    decide_unknown_person,
    verified_email,
)
from central_server.infra.oidc import Profile

DOMAINS: tuple[tuple[str, ...], ...] = ((), ("example.com",), ("other.example", "sub.example.com"))
LOCALS: tuple[LocalUser, ...] = ("none", "unlinked", "linked")
EMAILS = (None, "ada@example.com", "Ada@EXAMPLE.com", "ada@notexample.com", "ada@example.com.evil.example")


def _profile(email: str | None, *, verified: bool) -> Profile:
    rest: dict[str, Any] = dict.fromkeys(
        ("name", "given_name", "family_name", "preferred_username", "picture", "locale")
    )
    return Profile(email=email, email_verified=verified, **rest)


@pytest.mark.parametrize(("email", "local"), list(product(EMAILS, LOCALS)))
def test_only_these_decisions_let_somebody_in(email: str | None, local: LocalUser) -> None:
    """Over all trust a connector may have, linking and creating need a verified address of a named, verified domain."""
    for trusted, just_in_time, allowed, verified in product(DOMAINS, (True, False), DOMAINS, (True, False)):
        trust = ConnectorTrust(trusted, just_in_time, allowed)
        decision = decide_unknown_person(email, local, trust, domain_verified=verified)
        of_example = email is not None and email.lower().endswith("@example.com")
        links = local == "unlinked" and of_example and "example.com" in trusted
        creates = local == "none" and of_example and just_in_time and "example.com" in allowed
        if links and verified:
            assert decision == Link(email or "")
        elif creates and verified:
            assert decision == Create(email or "")
        else:
            assert isinstance(decision, Refuse)
            assert (decision.reason == "domain_not_verified") == (links or creates)


@pytest.mark.parametrize(
    ("email", "local", "reason"),
    [
        (None, "none", "email_not_verified"),
        (None, "unlinked", "email_not_verified"),
        ("ada@example.com", "linked", "email_taken"),
        ("ada@other.example", "unlinked", "email_taken"),
        ("ada@other.example", "none", "domain_not_allowed"),
    ],
)
def test_a_refusal_says_why(email: str | None, local: LocalUser, reason: str) -> None:
    """Each refusal has the reason that an administrator needs."""
    trust = ConnectorTrust(("example.com",), True, ("example.com",))
    assert decide_unknown_person(email, local, trust, domain_verified=True) == Refuse(reason)


def test_unknown_people_without_provisioning() -> None:
    """Where nobody is created, somebody unknown is told so."""
    trust = ConnectorTrust((), False, ("example.com",))
    assert decide_unknown_person("ada@example.com", "none", trust, domain_verified=True) == Refuse("user_unknown")


@pytest.mark.parametrize("email", ["ada@example.com", " ada@example.com ", "ada@example.com\n"])
def test_verified_address_counts(email: str) -> None:
    """An address that the provider vouches for counts, trimmed."""
    assert verified_email(_profile(email, verified=True)) == "ada@example.com"


@pytest.mark.parametrize(
    ("email", "verified"),
    [
        ("ada@example.com", False),
        (None, True),
        *((email, True) for email in ("", "ada", "ada@", "@example.com", "a@b", "a@example.com,b@example.com")),
        *((email, True) for email in ("a@exa\u043cple.com", "<a@example.com>", "a" * 300 + "@b.example")),
    ],
)
def test_other_texts_do_not(email: str | None, verified: bool) -> None:  # noqa: FBT001 (a case)
    """An address that is not vouched for, or is none, does not count."""
    assert verified_email(_profile(email, verified=verified)) is None

"""Domain names: one spelling for each, and which of them anybody may have below them."""

import re
from functools import cache
from typing import Final

import idna
from publicsuffixlist import PublicSuffixList

MOST_CHARACTERS: Final = 253
_CHALLENGE: Final = "_central-challenge."
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@cache
def _suffixes() -> PublicSuffixList:
    """Read the list that the package brings along; made at the first use, as it takes fifty milliseconds."""
    return PublicSuffixList()


def normalise(name: str) -> str:
    """Give the one spelling of a domain name: A-labels (UTS 46, IDNA 2008) in lower case, without a last dot.

    Raises `ValueError` for what is none: an IP address, a single label, a wrong or too long one.
    """
    ascii_name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
    labels = ascii_name.split(".")
    # A last label that is a number makes it an IPv4 address, however many others there are (WHATWG URL).
    if len(labels) < 2 or len(ascii_name) > MOST_CHARACTERS or _NUMBER.fullmatch(labels[-1]):
        raise ValueError("no domain name")
    return ascii_name


def is_public_suffix(name: str) -> bool:
    """Whether a normalised name is one under which anybody can register others: `com`, `co.uk`, `github.io`."""
    return _suffixes().is_public(name)


def lineage(name: str) -> list[str]:
    """Give a normalised name and the names above it, the nearest first, up to the one that was registered.

    What is above that belongs to nobody in particular (or, by a private suffix, to somebody else).
    """
    registered = _suffixes().privatesuffix(name)
    if registered is None:
        return [name]
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - registered.count("."))]


def challenge_name(name: str) -> str:
    """Give where a domain's proof is published: a name of its own below it, as ACME does (RFC 8555, 8.4)."""
    return f"{_CHALLENGE}{name}"

"""Slugs that look like another tenant's are taken, in every way of spelling them."""

import itertools
import random
import secrets
from typing import Any

import pytest

from central.errors import ConflictError
from central_client import AsyncCentral
from support.counts import count

_SAME = {"o": "o0", "l": "l1i", "s": "s5", "b": "b8", "z": "z2", "m": ("m", "rn", "r-n"), "w": ("w", "vv", "v-v")}
_CASES = 60


def _spellings(word: str) -> list[str]:
    """Give sixty spellings of a word that look like it, drawn from all there are."""
    ways = [tuple(_SAME.get(letter, letter)) for letter in word]
    every = {"".join(letters) for letters in itertools.islice(itertools.product(*ways), 20_000)} - {word}
    return random.Random(7).sample(sorted(every), _CASES)


async def test_sixty_look_alikes_are_taken(operator: AsyncCentral, record_property: Any) -> None:
    """Of sixty spellings with digits for letters, pairs for letters and hyphens between, none is anybody else's."""
    unique = secrets.token_hex(4).translate(str.maketrans("0123456789", "ghjkdefacc"))
    word = f"blossom-wolves-{unique}"
    await operator.tenants.create(slug=word, name="Acme", owner_email=f"o@{word}.example")
    for spelling in _spellings(f"blossom-wolves-{unique}"):
        with pytest.raises(ConflictError) as refusal:
            await operator.tenants.create(slug=spelling, name="Acme", owner_email="o@look-alike.example")
        assert refusal.value.code == "slug_taken", spelling
    count(record_property, "slugs that look alike", _CASES)

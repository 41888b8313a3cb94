"""Opaque tokens: 256 random bits, of which the database keeps only the SHA-256."""

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Make a token of 256 random bits, 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Give what stands for the token in the database.

    A plain hash is enough at 256 bits, and equality of hashes in an index tells nothing of the token by its timing.
    """
    return hashlib.sha256(token.encode()).digest()


def is_token(text: str | None) -> bool:
    """Whether a text has the form of a token, so that anything else never reaches the database."""
    return text is not None and _TOKEN.fullmatch(text) is not None

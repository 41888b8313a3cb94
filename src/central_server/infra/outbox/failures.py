from typing import Final

_LONGEST: Final = 500


def text_of(error: Exception) -> str:
    """Give the reason as a handover keeps it: in one line, and not without end."""
    return f"{type(error).__name__}: {error}".replace("\n", " ").replace("\0", "")[:_LONGEST]

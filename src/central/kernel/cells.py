"""Cells of a CSV that a spreadsheet does not run (OWASP, "CSV Injection"; CWE-1236), and the way back."""

import unicodedata
from typing import Final

_SHIELD: Final = "'"
_RUNS: Final = frozenset("=+-@\N{MINUS SIGN}\N{HEAVY MINUS SIGN}\N{EN DASH}\N{EM DASH}")
_CONTROLS: Final = frozenset("\t\r\n")
_PASSED_OVER: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of what programs skip, or do not show, before they look at the first character."""


def shielded(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula, and before what looks like that."""
    return f"{_SHIELD}{text}" if _is_dangerous(text.lstrip(_SHIELD)) else text


def unshielded(text: str) -> str:
    """Take away what `shielded` put there, and nothing else: `unshielded(shielded(text)) == text` for every text."""
    return text[1:] if text.startswith(_SHIELD) and _is_dangerous(text.lstrip(_SHIELD)) else text


def _is_dangerous(text: str) -> bool:
    if text[:1] in _CONTROLS and text:
        return True
    first = next((character for character in text if unicodedata.category(character) not in _PASSED_OVER), "")
    # Full-width and small forms are the same to some: NFKC makes them so.
    return unicodedata.normalize("NFKC", first)[:1] in _RUNS and first != ""

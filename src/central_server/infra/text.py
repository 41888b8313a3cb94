"""Small things about text that several domains need."""

import re

_LINKED = re.compile(r"(?<=\w)([.:@/]+)(?=[\w/])")
_ZERO_WIDTH_SPACE = "\u200b"


def like_pattern(part: str) -> str:
    r"""Make the pattern that finds `part` anywhere; `%`, `_` and `\` in it stand for themselves."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def shortened(name: str, most: int = 60) -> str:
    """Cut a name for where there is little room: two of them and some words fit into the subject of a mail."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def unlinked(text: str) -> str:
    """Write somebody's words so that mail programs make no links of them: zero-width spaces part their addresses."""
    return _LINKED.sub(lambda found: found[0] + _ZERO_WIDTH_SPACE, text)

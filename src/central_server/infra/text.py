"""Small things about text that several domains need."""


def like_pattern(part: str) -> str:
    r"""Make the pattern that finds `part` anywhere; `%`, `_` and `\` in it stand for themselves."""
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"

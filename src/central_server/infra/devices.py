"""What a program says of itself in its user agent, in words: by the rules of uap-core, which need no network."""

from functools import cache, lru_cache

from ua_parser import Domain, Parser, load_lazy_builtins

_LONGEST_WORD = 40
_LONGEST_NAME = 100


@cache
def _parser() -> Parser:
    """Make the parser without its rules for hardware, which are most of them; it takes 60 ms.

    It searches by Rust's regular expressions, whose time grows with the text alone, whatever a client sends.
    """
    agents, systems, _ = load_lazy_builtins()
    return Parser.from_matchers((agents, systems, []))


@lru_cache(maxsize=4096)
def device_of(user_agent: str | None) -> str | None:
    """Name a program and its system: `Firefox on Linux`; what the rules do not know by its first word.

    A tool that somebody has let sign in is named in words already: `central CLI 1.0 on ada-laptop`.
    """
    if not user_agent:
        return None
    if " on " in user_agent and "/" not in user_agent:
        return user_agent[:_LONGEST_NAME]
    found = _parser()(user_agent, Domain.USER_AGENT | Domain.OS)
    program = found.user_agent.family if found.user_agent else user_agent.partition(" ")[0].partition("/")[0]
    program = program[:_LONGEST_WORD] or "Unknown"
    return f"{program} on {found.os.family}" if found.os else program

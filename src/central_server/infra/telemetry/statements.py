"""What a statement is called in a trace: its verb and its table, never its text or its parameters."""

import re
from functools import lru_cache
from typing import NamedTuple

from central_server.infra.db.metadata import METADATA

_NAME = r"(?:central\.)?\"?(\w+)\"?"
# FOR UPDATE, FOR NO KEY UPDATE and DO UPDATE name no table.
_WRITE = re.compile(rf"\b(INSERT INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE|DELETE FROM)\s+{_NAME}")
_READ = re.compile(rf"\b(?:FROM|JOIN)\s+{_NAME}")
_CALL = re.compile(r"\bcentral\.(\w+)\(")
_FIRST_WORD = re.compile(r"\s*(\w+)")
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class StatementName(NamedTuple):
    """The verb and, where there is one, the table or the function of ours that it is about."""

    verb: str
    target: str | None

    def __str__(self) -> str:
        return self.verb if self.target is None else f"{self.verb} {self.target}"


_CONTROLS = {word: StatementName(word, None) for word in _CONTROL}


def name_of(text: str) -> StatementName:
    """Name a statement. One that writes is called by the first table that it writes to."""
    # What opens and ends transactions may name a tenant: there is no end of such texts to keep.
    if text.startswith(_CONTROL):
        return _CONTROLS[next(word for word in _CONTROL if text.startswith(word))]
    return _name_of_query(text)


@lru_cache(maxsize=4096)
def _name_of_query(text: str) -> StatementName:
    if (write := _WRITE.search(text)) is not None:
        return StatementName(write[1].partition(" ")[0], write[2])
    word = _FIRST_WORD.match(text)
    verb = word[1].upper() if word else "?"
    return StatementName("SELECT" if verb == "WITH" else verb, _read_from(text))


def _read_from(text: str) -> str | None:
    """Give the function of ours that is called, or the table of the outermost query that is no part of another."""
    if (call := _CALL.search(text)) is not None:
        return call[1]
    tables = [found for found in _READ.finditer(text) if found[1] in METADATA.tables]
    return min(tables, key=lambda found: _depth(text, found.start()))[1] if tables else None


def _depth(text: str, end: int) -> int:
    return text.count("(", 0, end) - text.count(")", 0, end)

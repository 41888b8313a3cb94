"""What stands for somebody without a picture: the initials, on a colour of their own."""

from urllib.parse import quote
from zlib import crc32

_HUES = 360


def initials_of(name: str) -> str:
    """Give the first letters of the first and the last word of a name; `?` for one without letters."""
    letters = [next((one for one in word if one.isalnum()), "") for word in name.split()]
    found = [one for one in letters if one]
    return ("".join((found[0], found[-1]) if len(found) > 1 else found[:1]) or "?").upper()[:2]


def initials_path(name: str, id: str) -> str:
    """Give where the server draws them, below its address; the colour goes by the id."""
    return f"/initials/{quote(initials_of(name), safe='')}/{crc32(id.encode()) % _HUES}"

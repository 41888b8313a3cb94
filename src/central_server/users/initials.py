"""Initials as a picture."""

from html import escape

from central.errors import NotFoundError

_MOST_LETTERS = 2
_HUES = 360
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="256" height="256">'
    '<rect width="64" height="64" fill="hsl({hue} 45% 40%)"/>'
    '<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="26" text-anchor="middle" '
    'dominant-baseline="central">{letters}</text></svg>'
)


def draw_initials(letters: str, hue: str) -> bytes:
    """Draw one or two letters or digits on a colour of so many degrees; `NotFoundError` for anything else."""
    is_text = 1 <= len(letters) <= _MOST_LETTERS and (letters == "?" or letters.isalnum())
    if not is_text or not (hue.isascii() and hue.isdigit() and len(hue) <= 3 and int(hue) < _HUES):
        raise NotFoundError.of("picture")
    return _SVG.format(hue=int(hue), letters=escape(letters)).encode()

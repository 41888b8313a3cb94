"""BlurHash: a picture's colours in thirty characters, for what is shown until the picture is there.

After the description of the algorithm in the `woltapp/blurhash` repository. The package for Python takes a picture as
nested lists, and Pillow and NumPy to be quick; this is as long as calling it.
"""

from collections.abc import Sequence
from math import copysign, cos, pi, sqrt
from typing import Final

from central_server.infra.pictures.recipes import Box

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_ACROSS: Final = 4
_DOWN: Final = 3

Colour = tuple[float, float, float]


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


_LINEAR: Final = tuple(_linear(value) for value in range(256))


def encode_blurhash(pixels: bytes, size: Box) -> str:
    """Give the blurhash, with 4 x 3 components, of rows of RGB pixels; make them few, it takes time for each."""
    channels = [[_LINEAR[value] for value in pixels[channel::3]] for channel in range(3)]
    factors = [_factor(channels, size, i, j) for j in range(_DOWN) for i in range(_ACROSS)]
    first, others = factors[0], factors[1:]
    largest = max(abs(value) for factor in others for value in factor)
    quantised = max(0, min(82, int(largest * 166 - 0.5)))
    maximum = (quantised + 1) / 166
    text = _digits((_ACROSS - 1) + (_DOWN - 1) * 9, 1) + _digits(quantised, 1) + _digits(_average(first), 4)
    return text + "".join(_digits(_detail(factor, maximum), 2) for factor in others)


def _factor(channels: Sequence[Sequence[float]], size: Box, i: int, j: int) -> Colour:
    width, height = size
    across = [cos(pi * i * x / width) for x in range(width)]
    waves = [a * b for b in (cos(pi * j * y / height) for y in range(height)) for a in across]
    scale = (1 if i == j == 0 else 2) / (width * height)
    red, green, blue = (
        scale * sum(value * wave for value, wave in zip(channel, waves, strict=True)) for channel in channels
    )
    return red, green, blue


def _average(colour: Colour) -> int:
    red, green, blue = (_srgb(value) for value in colour)
    return (red << 16) + (green << 8) + blue


def _srgb(value: float) -> int:
    share = max(0.0, min(1.0, value))
    spread = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return int(spread * 255 + 0.5)


def _detail(colour: Colour, maximum: float) -> int:
    red, green, blue = (max(0, min(18, int(_root(value / maximum) * 9 + 9.5))) for value in colour)
    return red * 19 * 19 + green * 19 + blue


def _root(value: float) -> float:
    return copysign(sqrt(abs(value)), value)


def _digits(number: int, length: int) -> str:
    return "".join(_DIGITS[number // 83**place % 83] for place in reversed(range(length)))

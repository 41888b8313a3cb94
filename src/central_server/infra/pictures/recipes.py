from collections.abc import Sequence
from enum import StrEnum
from math import ceil
from typing import Literal, NamedTuple


class Kind(StrEnum):
    """The formats that are read and written; each is the ending of its files."""

    AVIF = "avif"
    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"


class Box(NamedTuple):
    """A width and a height in pixels."""

    width: int
    height: int


class Recipe(NamedTuple):
    """Which renditions to make: `square` ones of the middle, whole ones that fit `inside` a square, or by `width`.

    None is larger than the picture: of the sizes beyond it there is one rendition, of its own size.
    """

    fit: Literal["square", "inside", "width"]
    sizes: Sequence[int]

    def boxes(self, picture: Box) -> list[Box]:
        """Give what the renditions of such a picture measure, the largest first."""
        own = {"square": min(picture), "inside": max(picture), "width": picture.width}[self.fit]
        return [self._box(picture, size, own) for size in sorted({min(size, own) for size in self.sizes}, reverse=True)]

    def _box(self, picture: Box, size: int, own: int) -> Box:
        if self.fit == "square":
            return Box(size, size)
        return Box(*(max(1, round(side * size / own)) for side in picture))

    def needed(self, picture: Box) -> Box:
        """Give how large the whole picture must be kept, at least, for the largest rendition."""
        largest = self.boxes(picture)[0]
        if self.fit != "square":
            return largest
        return Box(*(ceil(side * largest.width / min(picture)) for side in picture))


class Rendition(NamedTuple):
    """A file in the folder of what came out."""

    name: str
    kind: Kind
    width: int
    height: int

    @property
    def box(self) -> Box:
        """What it measures."""
        return Box(self.width, self.height)


class Picture(NamedTuple):
    """What came out of a file: its size as people see it, its blurhash, and the renditions."""

    width: int
    height: int
    blurhash: str
    renditions: Sequence[Rendition]

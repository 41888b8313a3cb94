"""From pixels to files."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from PIL import Image
from PIL.Image import Resampling

from central_server.infra.pictures.blurhash import encode_blurhash
from central_server.infra.pictures.decoding import Decoded
from central_server.infra.pictures.recipes import Box, Kind, Picture, Recipe, Rendition

_OPTIONS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    Kind.AVIF: {"quality": 60, "speed": 9, "max_threads": 1},
    Kind.WEBP: {"quality": 80, "method": 2},
    Kind.JPEG: {"quality": 80},
    Kind.PNG: {"compress_level": 6},
}
_THREADS: Final = 2
_BLURHASH_SIDE: Final = 32


def render(decoded: Decoded, recipe: Recipe, folder: Path) -> Picture:
    """Write all renditions into a folder."""
    image, size = decoded
    kinds = (Kind.AVIF, Kind.WEBP, Kind.PNG if image.mode == "RGBA" else Kind.JPEG)
    made: list[Rendition] = []
    with ThreadPoolExecutor(_THREADS) as threads:
        written: list[Future[None]] = []
        for box in recipe.boxes(size):
            image = _fitted(image, box, recipe)
            for kind in kinds:
                rendition = Rendition(f"{box.width}x{box.height}.{kind}", kind, *box)
                made.append(rendition)
                written.append(threads.submit(_write, image, folder / rendition.name, kind))
        for one in written:
            one.result()
    return Picture(*size, _blurhash(image), made)


def _fitted(image: Image.Image, box: Box, recipe: Recipe) -> Image.Image:
    """Give the picture at this size, each made of the one before: the largest of what was decoded."""
    if recipe.fit == "square" and image.width != image.height:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    if image.size == box:
        return image
    return image.resize(box, Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType] (NumPy's are not there)


def _write(image: Image.Image, path: Path, kind: Kind) -> None:
    # `save` keeps its options in the image, where those of another thread's would take their place.
    image.copy().save(path, kind.name, **_OPTIONS[kind])


def _blurhash(image: Image.Image) -> str:
    """Give the blurhash, of the picture on white where it is not opaque."""
    small = image.copy()
    small.thumbnail((_BLURHASH_SIDE, _BLURHASH_SIDE), Resampling.BOX)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    return encode_blurhash(small.tobytes(), Box(*small.size))

"""From pixels to files."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final

from PIL import Image
from PIL.Image import Resampling

from central_server.infra.pictures.blurhash import encode_blurhash
from central_server.infra.pictures.decoding import Decoded
from central_server.infra.pictures.recipes import Box, Kind, Picture, Recipe, Rendition

_OPTIONS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    # At this speed, looking for a better quantisation takes a fifth of the time; two more of quality give as much.
    Kind.AVIF: {"quality": 62, "speed": 9, "max_threads": 1, "advanced": {"disable-trellis-quant": "1"}},
    Kind.WEBP: {"quality": 80, "method": 1},
    Kind.JPEG: {"quality": 80},
    Kind.PNG: {"compress_level": 6},
}
_THREADS: Final = 2
_BLURHASH_SIDE: Final = 32
_REDUCING_GAP: Final = 2.0
"""How much larger than a rendition a picture may be when it is resampled: pixels are averaged down to that first."""


def render(decoded: Decoded, recipe: Recipe, folder: Path) -> Picture:
    """Write all renditions into a folder."""
    image, size = decoded
    kinds = (Kind.AVIF, Kind.WEBP, Kind.PNG if image.mode == "RGBA" else Kind.JPEG)
    boxes = recipe.boxes(size)
    made = [Rendition(f"{box.width}x{box.height}.{kind}", kind, *box) for box in boxes for kind in kinds]
    with ThreadPoolExecutor(_THREADS) as threads:
        # All are begun before the first is written, so that nothing that is written has to be waited for.
        fitted = {box: threads.submit(_fitted, image, box, recipe) for box in boxes}
        written = [threads.submit(_write, fitted[one.box], folder / one.name, one.kind) for one in made]
        blurhash = _blurhash(fitted[boxes[-1]].result())
        for one in written:
            one.result()
    return Picture(*size, blurhash, made)


def warm_up() -> None:
    """Encode and decode a picture of our own, so that what codecs prepare when they are first used is there."""
    for kind in Kind:
        file = BytesIO()
        _encode(Image.new("RGB", (64, 64)), file, kind)
        Image.open(file, formats=[kind.name]).load()


def _encode(image: Image.Image, to: IO[bytes], kind: Kind) -> None:
    # `save` keeps its options in the image, where those of another thread's would take their place.
    image.copy().save(to, kind.name, **_OPTIONS[kind])


def _fitted(image: Image.Image, box: Box, recipe: Recipe) -> Image.Image:
    """Give the picture at this size, or the middle of it."""
    part = _middle(image) if recipe.fit == "square" else (0, 0, *image.size)
    resized: Image.Image = image.resize(box, Resampling.BICUBIC, part, _REDUCING_GAP)  # pyright: ignore[reportUnknownMemberType] (NumPy's are not there)
    return resized


def _middle(image: Image.Image) -> tuple[int, int, int, int]:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return left, top, left + side, top + side


def _write(fitted: Future[Image.Image], path: Path, kind: Kind) -> None:
    with path.open("wb") as file:
        _encode(fitted.result(), file, kind)


def _blurhash(image: Image.Image) -> str:
    """Give the blurhash, of the picture on white where it is not opaque."""
    small = image.copy()
    small.thumbnail((_BLURHASH_SIDE, _BLURHASH_SIDE), Resampling.BOX)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    return encode_blurhash(small.tobytes(), Box(*small.size))

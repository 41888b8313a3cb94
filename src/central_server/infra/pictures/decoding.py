"""From a file to pixels: upright, in sRGB, no larger than needed, and with nothing else that was in the file.

Some of Pillow's types name those of NumPy, which is not there.
"""

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from PIL import AvifImagePlugin, Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.Image import Resampling, Transpose

from central_server.infra.pictures.recipes import Box, Kind, Recipe
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.sniffing import HEAD_BYTES, sniff, webp_canvas

MOST_PIXELS: Final = 50_000_000
MOST_FRAMES: Final = 100
"""Of an animation the first is taken; one that has more was made to harm somebody."""

_DECODERS: Final = (AvifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
"""All that is loaded of Pillow: when it misses none of them, it does not go and load the forty others."""

_NEAR: Final = 1.5
_ORIENTATION: Final = 0x0112
_UPRIGHT: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_PLAIN_MODES: Final = {"1": "L", "L": "L", "LA": "RGBA", "La": "RGBA", "P": "RGB", "PA": "RGBA", "CMYK": "CMYK"}
_ALPHA_MODES: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


class Decoded(NamedTuple):
    """The pixels, and the size that the picture had, upright."""

    image: Image.Image
    size: Box


def decode(path: Path, recipe: Recipe) -> Decoded:
    """Read a picture; `PictureRefusedError` when it is none that is taken."""
    # Pillow looks once more itself, and raises for more than twice as many.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    kind = _check_head(path)
    try:
        with Image.open(path, formats=[kind.name]) as image:
            return _decode(image, recipe)
    except (PictureRefusedError, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise PictureRefusedError(Refusal.TOO_MANY_PIXELS) from None
    except Exception:  # noqa: BLE001 (decoders raise whatever a broken file leads them to)
        raise PictureRefusedError(Refusal.BROKEN) from None


def _check_head(path: Path) -> Kind:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = sniff(head)
    if kind is Kind.WEBP and (canvas := webp_canvas(head)) is not None:
        _check_pixels(canvas)
    return kind


def _check_pixels(size: Box) -> None:
    if size.width * size.height > MOST_PIXELS:
        raise PictureRefusedError(Refusal.TOO_MANY_PIXELS)


def _decode(image: Image.Image, recipe: Recipe) -> Decoded:
    _check_pixels(Box(*image.size))
    if getattr(image, "n_frames", 1) > MOST_FRAMES:
        raise PictureRefusedError(Refusal.TOO_MANY_FRAMES)
    stored, orientation = Box(*image.size), _orientation(image)
    upright = Box(*reversed(stored)) if orientation in _SIDEWAYS else stored
    needed = recipe.needed(upright)
    if orientation in _SIDEWAYS:
        needed = Box(*reversed(needed))
    # JPEG is decoded at a half, a quarter or an eighth, as long as that is as large as needed.
    image.draft(None, needed)
    image.load()
    profile = image.info.get("icc_profile")
    smaller = _shrunk(_plain(image), needed)
    if (turn := _UPRIGHT.get(orientation)) is not None:
        smaller = smaller.transpose(turn)
    srgb = _srgb(smaller, profile)
    # Pillow writes comments, profiles and the like from here into what it saves.
    srgb.info.clear()
    return Decoded(srgb, upright)


def _orientation(image: Image.Image) -> int:
    """Read which way the camera was held; metadata that cannot be read says nothing about the picture."""
    with suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _plain(image: Image.Image) -> Image.Image:
    """Give the same with a byte for each channel: grey, CMYK, or RGB with or without alpha."""
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256, "L")  # pyright: ignore[reportUnknownMemberType]
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return _as(image, "RGBA")
    return _as(image, _PLAIN_MODES.get(image.mode, "RGB"))


def _as(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def _shrunk(image: Image.Image, needed: Box) -> Image.Image:
    """Give the picture as large as needed, where that saves work: it is resampled once more for each rendition."""
    if image.width < needed.width * _NEAR:
        return image
    return image.resize(needed, Resampling.BICUBIC, reducing_gap=3.0)  # pyright: ignore[reportUnknownMemberType]


def _srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Convert by the embedded profile; one that does not fit, or cannot be read, says nothing."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if isinstance(profile, bytes) and profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            srgb = cast("Any", ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType]
            own = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, srgb, outputMode=mode)
            if converted is not None:
                return converted
    return _as(image, mode)

"""Files that are no pictures, and pictures that are to harm whoever opens them; each made by a few lines."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

SCRIPT = b"<script>alert(document.cookie)</script>"


def photo(width: int = 640, height: int = 480, kind: str = "JPEG", **options: Any) -> bytes:
    """Make a picture that compresses like a photograph: colours that run, and grain."""
    x, y = Image.linear_gradient("L"), Image.radial_gradient("L")
    smooth = Image.merge("RGB", (x, y, x.rotate(90))).resize((width, height))
    grain = Image.effect_noise((width, height), 40).convert("RGB")
    return saved(Image.blend(smooth, grain, 0.15), kind, **options)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Write a picture."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], rows: bytes = b"") -> bytes:
    """Make a PNG of 8-bit RGB that says what it is told to say."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def webp_of_size(width: int, height: int) -> bytes:
    """Make an extended WebP that says that it has this canvas, with a frame that fits nowhere."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    frame = saved(Image.new("RGB", (16, 16), "red"), "WEBP", lossless=True)[12:]
    place = b"\0" * 6 + (15).to_bytes(3, "little") * 2 + b"\x0a\0\0\0"
    body = b"WEBP" + canvas + b"ANIM" + struct.pack("<I", 6) + b"\0" * 6
    body += b"ANMF" + struct.pack("<I", len(place + frame)) + place + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animation(frames: int, kind: str = "WEBP") -> bytes:
    """Make an animation of so many tiny frames."""
    images = [Image.new("RGB", (8, 8), (number % 251, number // 251 % 251, 7)) for number in range(frames)]
    return saved(images[0], kind, save_all=True, append_images=images[1:], duration=10)


def _bomb(size: int) -> bytes:
    return zlib.compress(b"\0" * size, 9)


def _zeros(width: int, height: int) -> bytes:
    return b"\0" * ((width * 3 + 1) * height)


def profile_bomb() -> bytes:
    """Make a PNG whose colour profile is 20 MB of nothing."""
    return png(16, 16, (b"iCCP", b"p\0\0" + _bomb(20_000_000)), rows=_zeros(16, 16))


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "unknown_type"),
    "a PNG of 50,000 x 50,000": (lambda: png(50_000, 50_000), "too_many_pixels"),
    "a PNG of 8,000 x 6,251": (lambda: png(8_000, 6_251), "too_many_pixels"),
    "a PNG of no width": (lambda: png(0, 10), "broken"),
    "a WebP of 16,384 x 16,384": (lambda: webp_of_size(16_384, 16_384), "too_many_pixels"),
    "a PNG with 20 MB of text": (
        lambda: png(16, 16, (b"zTXt", b"Comment\0\0" + _bomb(20_000_000)), rows=_zeros(16, 16)),
        "broken",
    ),
    "a PNG with a profile of 20 MB": (profile_bomb, "broken"),
    "10,000 frames": (lambda: animation(10_000), "too_many_frames"),
    "101 frames of PNG": (lambda: animation(101, "PNG"), "too_many_frames"),
    "half a JPEG": (lambda: photo()[:9_000], "broken"),
    "half a PNG": (lambda: photo(kind="PNG")[:50_000], "broken"),
    "half a WebP": (lambda: photo(kind="WEBP")[:3_000], "broken"),
    "half an AVIF": (lambda: photo(kind="AVIF")[:3_000], "broken"),
    "the head of a JPEG alone": (lambda: b"\xff\xd8\xff\xe0", "broken"),
    "a page that is called a picture": (lambda: b"<!doctype html>" + SCRIPT, "unknown_type"),
    "an SVG with a script": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        "unsupported_type",
    ),
    "an SVG behind a declaration": (lambda: b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "unsupported_type"),
    "a GIF that is a script": (lambda: b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//", "unsupported_type"),
    "a PDF": (lambda: b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>", "unknown_type"),
    "a zip": (lambda: b"PK\3\4" + b"\0" * 100, "unknown_type"),
    "a HEIC": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, "unsupported_type"),
    "a video": (lambda: b"\0\0\0\x18ftypisom\0\0\x02\0isommp41" + b"\0" * 100, "unsupported_type"),
    "random bytes": (lambda: random.Random(5).randbytes(10_000), "unknown_type"),
}
"""Files by what they are, with the reason for which they are refused."""

ZIP = b"PK\3\4\x14\0" + b"evil.class" + b"PK\5\6" + b"\0" * 18

TAKEN: dict[str, Callable[[], bytes]] = {
    "a JPEG that is a zip, too": lambda: photo() + ZIP,
    "a JPEG with a page behind it": lambda: photo() + b"<html>" + SCRIPT,
    "a JPEG with a page in its comment": lambda: photo(comment=SCRIPT),
    "a PNG with a page behind it": lambda: photo(kind="PNG") + SCRIPT,
    "a PNG with a page in its text": lambda: png(16, 16, (b"tEXt", b"Comment\0" + SCRIPT), rows=_zeros(16, 16)),
    "a WebP with a page as its metadata": lambda: photo(kind="WEBP", xmp=SCRIPT),
    "a JPEG with a profile that is none": lambda: photo(icc_profile=SCRIPT * 20),
    "a PNG that is an animation": lambda: animation(3, "PNG"),
}
"""Pictures with something else in them, which is lost when they are made anew."""


def mutations(count: int, seed: int) -> Iterator[bytes]:
    """Give pictures of all kinds with bytes changed, taken out, doubled or cut off."""
    chance = random.Random(seed)
    whole = [photo(320, 240, kind) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    whole += [animation(5), animation(5, "PNG"), photo(320, 240, "JPEG", progressive=True), with_everything()]
    for number in range(count):
        yield _mutated(bytearray(whole[number % len(whole)]), chance)


def _mutated(data: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 3, 30))):
        # Most of what makes decoders stumble is said at the beginning.
        at = chance.randrange(min(len(data), chance.choice((100, 700, len(data)))))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] = chance.choice((0, 255, 127, 128, chance.randrange(256)))
        elif kind == 1:
            del data[at : at + chance.randrange(1, 40)]
        elif kind == 2:
            data[at:at] = data[at : at + chance.randrange(1, 400)]
        else:
            data[at : at + 4] = struct.pack(">I", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000)))
        if not data:
            return b"\0"
    return bytes(data)


def with_everything() -> bytes:
    """Make a JPEG with a place in it, a profile, an orientation and a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return photo(400, 300, exif=exif, icc_profile=profile, comment=b"written at home")

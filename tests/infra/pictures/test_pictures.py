"""What comes out of pictures."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from central_server.infra.pictures.blurhash import encode_blurhash
from central_server.infra.pictures.decoding import decode
from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.recipes import Box, Recipe
from central_server.infra.pictures.refusals import PictureRefusedError
from central_server.infra.pictures.sniffing import webp_canvas
from infra.pictures.conftest import SQUARES, Make
from support.hostile_pictures import photo, png, saved, webp_of_size, with_everything
from support.logs import captured_logs

WIDTHS = Recipe("width", (320, 640))
INSIDE = Recipe("inside", (100, 200))


def sizes(files: dict[str, bytes]) -> set[str]:
    """The sizes that there are, each in three formats."""
    names = {name.partition(".")[0] for name in files}
    assert len(files) == 3 * len(names)
    return names


def opened(content: bytes) -> Image.Image:
    """Open a picture."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_each_kind_is_read(kind: str, make: Make) -> None:
    """Every kind of picture gives AVIF, WebP and JPEG in each size, and a blurhash."""
    made = await make(photo(640, 480, kind))
    assert (made.picture.width, made.picture.height) == (640, 480)
    assert set(made.files) == {f"{size}x{size}.{ending}" for size in (64, 128) for ending in ("avif", "webp", "jpeg")}
    for name, content in made.files.items():
        assert f"{opened(content).width}x{opened(content).height}" == name.partition(".")[0]
    assert len(made.picture.blurhash) == 28


async def test_sizes(make: Make) -> None:
    """Sizes are by width, inside a square, or squares of the middle; nothing is enlarged."""
    tall = photo(480, 960)
    assert sizes((await make(tall, WIDTHS)).files) == {"320x640", "480x960"}
    assert sizes((await make(tall, INSIDE)).files) == {"50x100", "100x200"}
    assert sizes((await make(tall, SQUARES)).files) == {"64x64", "128x128"}
    assert sizes((await make(photo(40, 90), SQUARES)).files) == {"40x40"}
    assert sizes((await make(photo(4_000, 1), INSIDE)).files) == {"100x1", "200x1"}


async def test_the_middle_is_kept(make: Make) -> None:
    """A square is cut from the middle."""
    wide = Image.new("RGB", (900, 300), "red")
    wide.paste((0, 0, 255), (300, 0, 600, 300))
    red, green, blue = opened((await make(saved(wide, "PNG"))).files["128x128.webp"]).resize((1, 1)).getpixel((0, 0))
    assert (red < 10, green < 10, blue > 245) == (True, True, True)


async def test_alpha_is_kept(make: Make) -> None:
    """What lets the background through still does, with PNG in the place of JPEG; also of a palette."""
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (0, 0, 200, 100))
    for content in (saved(image, "PNG"), saved(image, "WEBP", lossless=True), saved(image.quantize(), "PNG")):
        made = await make(content)
        assert set(made.files) == {f"{size}x{size}.{end}" for size in (64, 128) for end in ("avif", "webp", "png")}
        for file in made.files.values():
            shown = opened(file).convert("RGBA")
            assert shown.getpixel((30, 10))[3] < 10
            assert shown.getpixel((30, shown.height - 10))[3] > 245


async def test_odd_modes(make: Make) -> None:
    """Grey, 16-bit, CMYK and black-and-white pictures come out right."""
    for image, kind in (
        (Image.new("L", (100, 100), 128), "JPEG"),
        (Image.new("I;16", (100, 100), 128 * 256), "PNG"),
        (Image.new("LA", (100, 100), (128, 255)), "PNG"),
        (Image.new("CMYK", (100, 100), (0, 0, 0, 127)), "JPEG"),
    ):
        red, green, blue = opened((await make(saved(image, kind))).files["64x64.webp"]).convert("RGB").getpixel((9, 9))
        assert max(abs(value - 128) for value in (red, green, blue)) < 6, image.mode
    black = opened((await make(saved(Image.new("1", (70, 70)), "PNG"))).files["64x64.webp"])
    assert black.convert("L").getpixel((9, 9)) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_pictures_stand_upright(orientation: int, make: Make) -> None:
    """Whichever way the camera was held, up is up."""
    upright = Image.new("RGB", (120, 240), "blue")
    upright.paste((255, 0, 0), (0, 0, 60, 120))
    undo = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}
    held = upright
    for turn in undo.get(orientation, []):
        held = held.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = await make(saved(held, "JPEG", exif=exif, quality=95), Recipe("width", (120,)))
    assert (made.picture.width, made.picture.height) == (120, 240)
    red, _, blue = opened(made.files["120x240.jpeg"]).getpixel((30, 60))
    assert (red > 200, blue < 60) == (True, True)
    red, _, blue = opened(made.files["120x240.jpeg"]).getpixel((90, 180))
    assert (blue > 200, red < 60) == (True, True)


async def test_metadata_is_lost(make: Make) -> None:
    """Neither the place where it was taken, nor a profile, nor a comment is in what comes out."""
    original = with_everything()
    assert b"at home" in original
    made = await make(original)
    for content in made.files.values():
        image = opened(content)
        assert not image.getexif()
        assert not image.info.keys() & {"exif", "icc_profile", "comment", "xmp"}
        assert b"at home" not in content


async def test_colours_are_converted(make: Make) -> None:
    """A picture in another colour space is brought to sRGB by its profile."""
    swapped = ImageCms.ImageCmsProfile(BytesIO(_swapped_profile()))
    content = saved(Image.new("RGB", (64, 64), (255, 0, 0)), "PNG", icc_profile=swapped.tobytes())
    red, green, _ = opened((await make(content)).files["64x64.webp"]).convert("RGB").getpixel((9, 9))
    assert (green > 200, red < 60) == (True, True)


def _swapped_profile() -> bytes:
    """Give a profile that is sRGB with red and green taken for each other."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"\0tmp").replace(b"gXYZ", b"rXYZ").replace(b"\0tmp", b"gXYZ")


async def test_the_same_file_gives_the_same(make: Make) -> None:
    """A second try gives the same bytes, so that the same keys are written."""
    content = photo()
    assert (await make(content)).files == (await make(content)).files


async def test_twelve_megapixels_take_little_memory(make: Make) -> None:
    """A photograph of 12 megapixels is made, in all widths, with less than 200 MB at the peak."""
    with captured_logs() as logs:
        processor = PictureProcessor()
        made = await make(photo(4_000, 3_000), Recipe("width", (320, 640, 1280, 1920)), processor)
        await processor.close()
    assert len(made.files) == 12
    assert 50_000 < logs[-1]["memory"] < 200_000


async def test_fifty_megapixels_are_taken(make: Make) -> None:
    """A picture that is just small enough fits into the memory that its process has."""
    rows = b"\0" * ((8_000 * 3 + 1) * 6_250)
    made = await make(png(8_000, 6_250, rows=rows))
    assert (made.picture.width, made.picture.height) == (8_000, 6_250)


def _hash(size: Box, colour: object) -> str:
    assert callable(colour)
    rows = (bytes(colour(x, y)) for y in range(size.height) for x in range(size.width))
    return encode_blurhash(b"".join(rows), size)


def test_blurhash() -> None:
    """The hashes are those of the packages called blurhash."""
    assert _hash(Box(8, 8), lambda x, y: (0, 0, 0)) == "L00000fQfQfQfQfQfQfQfQfQfQfQ"
    assert _hash(Box(8, 8), lambda x, y: (255, 255, 255)) == "LfTSUA~qfQ~q~qt7fQt7fQfQfQfQ"
    assert _hash(Box(4, 6), lambda x, y: (255, 0, 0)) == "L~TI:j|cfQ|c;$wxfQwxfQfQfQfQ"
    assert _hash(Box(32, 24), lambda x, y: (x * 8, y * 10, x * y % 256)) == "LxH27h2lwtX3mAWUjwfAgFfmfTfi"
    stripes = _hash(Box(16, 9), lambda x, y: (250, 10, 90) if x % 2 else (0, 200, 30))
    assert stripes == "LHLC?:g^fQg^~8f%fQf%fQfQfQfQ"


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0"}], ids=["VP8", "VP8L", "VP8X"])
def test_the_size_of_a_webp_is_read_first(options: dict[str, object], tmp_path: Path) -> None:
    """Before its decoder sets memory aside for it, a WebP's own header says how large it is."""
    content = photo(331, 77, "WEBP", **options)
    assert webp_canvas(content[:64]) == Box(331, 77)


def test_a_large_webp_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is too large meets no decoder."""
    (tmp_path / "in").write_bytes(webp_of_size(16_384, 16_384))
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(PictureRefusedError, match="too_many_pixels"):
        decode(tmp_path / "in", SQUARES)

"""What a file is, by its first bytes: never by what its name or its sender says."""

from typing import Final

from central_server.infra.pictures.recipes import Box, Kind
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal

HEAD_BYTES: Final = 64
_MAGIC: Final = ((b"\x89PNG\r\n\x1a\n", Kind.PNG), (b"\xff\xd8\xff", Kind.JPEG))
_OTHERS: Final = (b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0", b"\0\0\0\x0cjP", b"\xff\x0a", b"<svg", b"<?xml")
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_BRAND_BYTES: Final = 4


def sniff(head: bytes) -> Kind:
    """Say which kind of picture begins like this; `PictureRefusedError` for what is none, or none that is read."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        return _of_iso_media(head)
    known = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_OTHERS)
    raise PictureRefusedError(Refusal.UNSUPPORTED_TYPE if known else Refusal.UNKNOWN_TYPE)


def _of_iso_media(head: bytes) -> Kind:
    """Tell AVIF from HEIC, video and the rest by the brands (ISO/IEC 14496-12, 4.3)."""
    end = min(int.from_bytes(head[:4]), HEAD_BYTES)
    brands = {head[at : at + _BRAND_BYTES] for at in (8, *range(16, end, _BRAND_BYTES))}
    if brands & _AVIF_BRANDS:
        return Kind.AVIF
    raise PictureRefusedError(Refusal.UNSUPPORTED_TYPE)


def webp_canvas(head: bytes) -> Box | None:
    """Read the size that a WebP says it has (RFC 9649), before its decoder sets memory aside for it."""
    chunk, data = head[12:16], head[20:30]
    if chunk == b"VP8X":
        return Box(int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
    if chunk == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return Box((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 ":
        return Box(int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF)
    return None

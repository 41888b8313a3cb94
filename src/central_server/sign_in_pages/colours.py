"""Colours that can be read, whichever a tenant chooses: contrast as WCAG 2.2 defines it."""

from typing import NamedTuple

WHITE, INK, BLACK = "#ffffff", "#1a1d21", "#000000"
CARD, LINK = WHITE, "#24508c"
DARK_CARD, DARK_INK, DARK_LINK, DARK_PAGE = "#1f2328", "#f1f3f5", "#9cc0f5", "#15181c"
"""Those of the style sheet, which a test compares."""

_TEXT_CONTRAST = 4.5  # WCAG 1.4.3, level AA
_SHAPE_CONTRAST = 3.0  # WCAG 1.4.11


class Colours(NamedTuple):
    """What a tenant has chosen, each as `#rrggbb` or not at all."""

    accent: str | None
    background: str | None


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """Give a colour for text that can be read on this one: of black and white, one always can."""
    return next((text for text in (WHITE, INK) if contrast(text, colour) >= _TEXT_CONTRAST), BLACK)


def style_sheet(colours: Colours) -> str:
    """Give the tenant's colours as the custom properties that the pages' style sheet goes by."""
    light, dark = _accent(colours.accent, CARD, INK, LINK), _accent(colours.accent, DARK_CARD, DARK_INK, DARK_LINK)
    if colours.background is not None:
        light |= {"--page": colours.background, "--page-ink": text_on(colours.background)}
        # The pages' own colour comes back in the dark.
        dark |= {"--page": DARK_PAGE, "--page-ink": DARK_INK}
    if not light:
        return ""
    return f":root{{{_declared(light)}}}\n@media (prefers-color-scheme:dark){{:root{{{_declared(dark)}}}}}"


def _accent(accent: str | None, card: str, ink: str, link: str) -> dict[str, str]:
    """Give what stands out, on a card of one colour with text of another; `link` is what links have otherwise."""
    if accent is None:
        return {}
    return {
        "--accent": accent,
        "--accent-ink": text_on(accent),
        "--accent-edge": accent if contrast(accent, card) >= _SHAPE_CONTRAST else ink,
        "--link": accent if contrast(accent, card) >= _TEXT_CONTRAST else link,
    }


def _declared(properties: dict[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in properties.items())


def _luminance(colour: str) -> float:
    """Give the relative luminance of a colour (WCAG 2.2)."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    # WCAG writes 0.03928; sRGB itself has 0.04045, and no 8-bit value lies between.
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

import random
import re
from importlib import resources

import pytest

from central_server.sign_in_pages import colours
from central_server.sign_in_pages.colours import CARD, DARK_CARD, Colours, contrast, style_sheet, text_on

RANDOM = random.Random(7)
COLOURS = [f"#{RANDOM.randrange(2**24):06x}" for _ in range(3000)] + [f"#{v:02x}{v:02x}{v:02x}" for v in range(256)]


def _properties(sheet: str, *, dark: bool) -> dict[str, str]:
    """Give the custom properties that a scheme ends up with: in the dark, what is not said again stays."""
    found: dict[str, str] = {}
    for rule in re.findall(r":root *\{(.*?)\}", sheet, re.DOTALL)[: 2 if dark else 1]:
        found |= dict(re.findall(r"(--[a-z-]+): *(#[0-9a-f]{6})", rule))
    return found


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast(one: str, other: str, ratio: float) -> None:
    """The ratio is WCAG's, whichever colour is named first."""
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_text_can_be_read_on_every_colour() -> None:
    """On any colour, text has the contrast of level AA."""
    assert min(contrast(text_on(colour), colour) for colour in COLOURS) >= 4.5


def test_whatever_is_chosen_can_be_read_in_both_schemes() -> None:
    """Buttons, their edges, links and the page keep AA for any two colours, on light and on dark cards."""
    for accent in COLOURS:
        sheet = style_sheet(Colours(accent, RANDOM.choice(COLOURS)))
        for dark, card in ((False, CARD), (True, DARK_CARD)):
            found = _properties(sheet, dark=dark)
            assert found["--accent"] == accent
            assert contrast(found["--accent-ink"], accent) >= 4.5
            assert contrast(found["--accent-edge"], card) >= 3
            assert contrast(found["--link"], card) >= 4.5
            assert contrast(found["--page"], found["--page-ink"]) >= 4.5


def test_nothing_chosen_is_no_sheet() -> None:
    """A tenant without colours adds nothing, and one colour alone leaves the other as it is."""
    assert style_sheet(Colours(None, None)) == ""
    assert "--page" not in style_sheet(Colours("#336699", None)).partition("@media")[0]
    assert "--accent" not in style_sheet(Colours(None, "#336699"))


def test_colours_are_those_of_the_style_sheet() -> None:
    """What the server judges by is what the pages look like."""
    sheet = resources.files("central_server.sign_in_pages").joinpath("static", "pages.css").read_text()
    light, dark = _properties(sheet, dark=False), _properties(sheet, dark=True)
    assert (light["--card"], light["--ink"], light["--link"]) == (colours.CARD, colours.INK, colours.LINK)
    assert (dark["--card"], dark["--ink"], dark["--link"]) == (colours.DARK_CARD, colours.DARK_INK, colours.DARK_LINK)
    assert (dark["--page"], dark["--page-ink"]) == (colours.DARK_PAGE, colours.DARK_INK)
    for found in (light, dark):
        for text in ("--ink", "--quiet", "--link", "--wrong"):
            assert contrast(found[text], found["--card"]) >= 4.5, text
        assert contrast(found["--accent-ink"], found["--accent"]) >= 4.5
        assert contrast(found["--line"], found["--card"]) >= 3
        assert contrast(found["--wrong"], found["--wrong-soft"]) >= 4.5
        assert contrast(found["--quiet"], found["--soft"]) >= 4.5

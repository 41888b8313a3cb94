"""Cells that a spreadsheet does not run, and the way back."""

import csv
import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central.kernel.cells import shielded, unshielded
from central_server.infra.csv_lines import csv_line

_STARTS = "=+-@\t\r\n'\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}"
_LEADS = " \t\r\n\v\f\0\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}'"
TEXTS = st.one_of(
    st.text(),
    st.tuples(st.text(st.sampled_from(_LEADS)), st.sampled_from(_STARTS), st.text()).map("".join),
)


def _runs(cell: str) -> bool:
    """Tell whether a spreadsheet may take a cell for a formula, as widely as one can read OWASP."""
    if cell[:1] in {"\t", "\r", "\n"}:
        return True
    seen = "".join(c for c in cell if unicodedata.category(c) not in {"Cc", "Cf", "Zs", "Zl", "Zp"})
    return unicodedata.normalize("NFKC", seen[:1])[:1] in {"=", "+", "-", "@", "\N{MINUS SIGN}"} and seen != ""


@given(TEXTS)
@example("")
@example("'")
@example("''=1")
@example("-")
def test_what_is_shielded_runs_nothing_and_comes_back(text: str) -> None:
    """No shielded text is a formula, and taking the shield away gives the text, whatever it is."""
    assert not _runs(shielded(text))
    assert unshielded(shielded(text)) == text


@given(st.lists(TEXTS, min_size=1))
def test_lines_are_read_as_they_were_written(cells: list[str]) -> None:
    """A line is one record of as many cells, each of which comes back; none of them runs."""
    written = csv_line(cells).decode("utf-8", "surrogatepass")
    (read,) = csv.reader(io.StringIO(written, newline=""))
    assert [unshielded(cell) for cell in read] == cells
    assert not any(map(_runs, read))


@pytest.mark.parametrize("text", ["Ada", "a=b", "3", "O'Neill", "'quoted'", "(1)", "x@y.example", "", " ", "'", "été"])
def test_plain_texts_stay_as_they_are(text: str) -> None:
    """What no spreadsheet runs is written as it is, and read as it is."""
    assert shielded(text) == unshielded(text) == text

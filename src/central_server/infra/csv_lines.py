import csv
import io
from collections.abc import Iterable

from central.kernel.cells import shielded


def csv_line(cells: Iterable[str]) -> bytes:
    """Write a line of a CSV (RFC 4180) that is safe to open in a spreadsheet.

    Every cell is in quotes, so that none is split where another separator is usual, and none is a formula.
    """
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([shielded(cell) for cell in cells])
    return line.getvalue().encode()

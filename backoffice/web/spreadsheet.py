"""Exams as comma-separated values (RFC 4180), the way spreadsheets read them. Columns are only ever appended.

The file is made while it is sent: what stands in memory is one batch of rows, however many there are.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from backoffice.usage.standing import Standing
from backoffice.web.formats import Formats
from backoffice.web.views import DebitRow

COLUMNS = (
    "number",
    "time",
    "time quality",
    "institution code",
    "institution",
    "machine",
    "batch",
    "card",
    "disputed",
    "day",
    "counts",
)
# A cell that begins so is taken for a formula by spreadsheets.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(batches: Iterable[Sequence[DebitRow]], formats: Formats) -> Iterator[str]:
    """One line an exam, below a line of names; a piece of the file for each batch."""
    yield _lines([COLUMNS])
    for rows in batches:
        yield _lines(_cells(row, formats) for row in rows)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    file = StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def _cells(row: DebitRow, formats: Formats) -> Sequence[object]:
    return (
        row.id,
        formats.iso(row.time),
        row.time_quality,
        "" if row.institution_code is None else row.institution_code,
        _text(row.institution),
        row.machine_id,
        row.batch,
        row.credit,
        "yes" if row.disputed else "",
        row.day,
        "yes" if row.standing == Standing.COUNTED else row.standing,
    )


def _text(words: str) -> str:
    return f"'{words}" if words.startswith(_FORMULA_SIGNS) else words

"""Exams as comma-separated values (RFC 4180), the way spreadsheets read them. Columns are only ever appended.

It begins with a byte-order mark: without one, the commonest spreadsheet takes UTF-8 for the computer's own code page,
and a Chinese clinic's name is noise. Its words are in the reader's language; in English they are what they always were,
for whoever reads the file by program.

The file is made while it is sent: what stands in memory is one batch of rows, however many there are.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from backoffice.usage.standing import Standing
from backoffice.web.formats import Formats
from backoffice.web.i18n import mark
from backoffice.web.views import DebitRow

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    mark("number"),
    mark("time"),
    mark("time quality"),
    mark("institution code"),
    mark("institution"),
    mark("machine"),
    mark("batch"),
    mark("card"),
    mark("disputed"),
    mark("day"),
    mark("counts"),
)
YES = mark("yes")
CODES = (mark("trusted"), mark("hint"), mark("estimated"), mark("unissued"), mark("foreign"), mark("void"))
"""Of `time quality` and of `counts`."""
# A cell that begins so is taken for a formula by spreadsheets.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(batches: Iterable[Sequence[DebitRow]], formats: Formats) -> Iterator[str]:
    """One line an exam, below a line of names; a piece of the file for each batch."""
    say = formats.translator.gettext
    yield BYTE_ORDER_MARK + _lines([[say(name) for name in COLUMNS]])
    for rows in batches:
        yield _lines(_cells(row, formats) for row in rows)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    file = StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def _cells(row: DebitRow, formats: Formats) -> Sequence[object]:
    say = formats.translator.gettext
    return (
        row.id,
        formats.iso(row.time),
        say(row.time_quality),
        "" if row.institution_code is None else row.institution_code,
        _text(row.institution),
        row.machine_id,
        row.batch,
        row.credit,
        say(YES) if row.disputed else "",
        row.day,
        say(YES if row.standing == Standing.COUNTED else row.standing),
    )


def _text(words: str) -> str:
    return f"'{words}" if words.startswith(_FORMULA_SIGNS) else words

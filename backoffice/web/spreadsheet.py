"""Exams as comma-separated values (RFC 4180), the way spreadsheets read them."""

import csv
from collections.abc import Iterable
from io import StringIO

from backoffice.web.formats import Formats
from backoffice.web.views import DebitRow

COLUMNS = ("number", "time", "time quality", "institution code", "institution", "machine", "batch", "card", "disputed")
# A cell that begins so is taken for a formula by spreadsheets.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet(rows: Iterable[DebitRow], formats: Formats) -> str:
    """One line an exam, below a line of names."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        code = "" if row.institution_code is None else row.institution_code
        place = _text(row.institution)
        time = formats.iso(row.time)
        disputed = "yes" if row.disputed else ""
        writer.writerow((row.id, time, row.time_quality, code, place, row.machine_id, row.batch, row.credit, disputed))
    return file.getvalue()


def _text(words: str) -> str:
    return f"'{words}" if words.startswith(_FORMULA_SIGNS) else words
